import type { BatchRecord } from '@ks/protocol';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { Clock } from '../ports/clock.ts';
import { topicName } from '../topic/topic.ts';
import { type Aside, asideHeader, reasonHeaders } from './dead-letters.ts';
import type { RetryTopic, RunOptions } from './run-options.ts';

/** Where records go whose attempts are used up: from retry topic to retry topic, at last to the dead letter topic. */
export class FailurePath {
  readonly #retryTopics: readonly RetryTopic[];
  readonly #options: RunOptions;
  readonly #aside: Aside;
  readonly #clock: Clock;
  readonly #steps: ReadonlyMap<string, number>;

  constructor(options: RunOptions, aside: Aside, clock: Clock) {
    this.#options = options;
    this.#retryTopics = options.retryTopics ?? [];
    this.#aside = aside;
    this.#clock = clock;
    this.#steps = new Map(this.#retryTopics.map(({ topic }, step) => [topicName(topic), step]));
  }

  get topics(): readonly string[] {
    return [...this.#steps.keys()];
  }

  /** How long a record has still to wait, in milliseconds. */
  delayMsOf({ topic }: TopicPartition, record: BatchRecord): number {
    if (!this.#steps.has(topic)) return 0;
    const notBefore = Number(asideHeader(record.headers, reasonHeaders.notBefore) ?? 0);
    return Number.isFinite(notBefore) ? Math.max(0, notBefore - this.#clock.wallMs()) : 0;
  }

  /** The topic that a record was read from first, whose types it has. */
  originOf({ topic }: TopicPartition, record: BatchRecord): string {
    return this.#steps.has(topic) ? (asideHeader(record.headers, reasonHeaders.topic) ?? topic) : topic;
  }

  /** Attempts that were made before the record came here. */
  attemptsOf({ topic }: TopicPartition, record: BatchRecord): number {
    if (!this.#steps.has(topic)) return 0;
    const attempts = Number(asideHeader(record.headers, reasonHeaders.attempts) ?? 0);
    return Number.isSafeInteger(attempts) ? attempts : 0;
  }

  /** Puts a record aside; false where there is nowhere to put it. */
  async put(place: TopicPartition, record: BatchRecord, error: unknown, attempts: number): Promise<boolean> {
    const next = this.#retryTopics[(this.#steps.get(place.topic) ?? -1) + 1];
    if (next !== undefined) {
      const notBefore = this.#clock.wallMs() + next.delayMs;
      await this.#aside.put(next.topic, place, record, { error, attempts, notBefore });
      return true;
    }
    const { deadLetter } = this.#options;
    if (deadLetter === undefined) return false;
    await this.#aside.put(deadLetter, place, record, { error, attempts });
    return true;
  }
}
