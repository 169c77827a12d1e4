import type { Cluster } from '../cluster.ts';
import { matchingTopics } from '../metadata/topic-names.ts';

/** What a member subscribes to: topics by name, and all whose whole name a pattern matches. */
export class TopicSubscription {
  readonly names: readonly string[];
  readonly patterns: readonly RegExp[];
  readonly #cluster: Cluster;
  #topics: readonly string[] = [];
  #asOfMs = Number.NEGATIVE_INFINITY;

  constructor(cluster: Cluster, names: readonly string[], patterns: readonly RegExp[]) {
    this.#cluster = cluster;
    this.names = names;
    this.patterns = patterns;
  }

  /** One expression for all patterns, as brokers take it; null where there is none. */
  get expression(): string | null {
    return this.patterns.length === 0 ? null : this.patterns.map(({ source }) => source).join('|');
  }

  /** The topics that are meant, as they were found last. */
  get topics(): readonly string[] {
    return this.#topics;
  }

  /** Looks again for topics that match, where that was long ago; says whether there are others than before. */
  async refresh(signal: AbortSignal): Promise<boolean> {
    const { clock, metadataMaxAgeMs } = this.#cluster.options;
    const nowMs = clock.monotonicMs();
    if (this.patterns.length === 0 && this.#topics.length > 0) return false;
    if (nowMs - this.#asOfMs < metadataMaxAgeMs) return false;
    const matching = this.patterns.length === 0 ? [] : await matchingTopics(this.#cluster, this.patterns, signal);
    this.#asOfMs = nowMs;
    const topics = [...new Set([...this.names, ...matching])].toSorted();
    const hasChanged = topics.join() !== this.#topics.join();
    this.#topics = topics;
    return hasChanged;
  }
}
