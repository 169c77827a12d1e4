import { type ElectionRules, planElections } from '../core/controller/elections.ts';
import { planPreferredLeaders } from '../core/controller/leader-changes.ts';
import { planCompletedMoves } from '../core/controller/reassignments.ts';
import {
  changeTransactions,
  leftoverTransactions,
  PARTITION_KEYS_MAX,
  type PartitionChange,
  sweepTransactions,
  type TransactionSequence,
} from '../core/controller/transactions.ts';
import { leftoverPartitions, type MetadataState, stateFromEntries } from '../core/metadata/apply.ts';
import type { ClusterImage, PartitionImage, TopicImage } from '../core/metadata/image.ts';
import { CONTROLLER_KEY } from '../core/metadata/keys.ts';
import { controllerFormat } from '../core/metadata/records.ts';
import { readRecord } from '../core/metadata/value-format.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { MetadataStore, StoreTransaction } from '../ports/metadata-store.ts';
import type { Counter, Metrics } from '../ports/metrics.ts';
import { DutyQueue } from './controller-duties.ts';
import { commitInOrder, commitSurely } from './metadata-commit.ts';

export interface MetadataControllerOptions {
  readonly store: MetadataStore;
  readonly brokerId: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Called when the cluster has no controller. */
  readonly standForController: () => Promise<void>;
  /** What a topic's effective configuration says about elections. */
  readonly electionRulesOf: (topic: TopicImage, image: ClusterImage) => ElectionRules;
  /** How often leadership is moved back to preferred replicas; undefined: never. */
  readonly preferredLeadersEveryMs?: number | undefined;
}

const BIRTH_ATTEMPTS_MAX = 20;
/** Partitions whose leadership is moved back at a time, as Kafka does. */
const PREFERRED_LEADERS_MAX = 1000;
/** The store's history is forgotten at every second tick back: revisions stay for five to ten minutes. */
const COMPACTION_INTERVAL_MS = 300_000;

/** What is more urgent has the lower rank. */
const ranks = { stand: 0, elections: 1, moves: 2, preferred: 3, sweep: 4, compaction: 5 } as const;

/** What the elected controller does by itself: elections when brokers come and go, moves of replicas to their end, leadership back to preferred replicas, sweeping what deletions leave, compaction; and its own election. */
export class MetadataController {
  readonly #options: MetadataControllerOptions;
  readonly #possibleLosses: Counter;
  readonly #duties: DutyQueue;
  readonly #timers = new Set<Timer>();
  #state: MetadataState | undefined;
  #isStopped = false;
  /** What the store is compacted to at the next tick. */
  #nextCompaction = 0;

  constructor(options: MetadataControllerOptions) {
    this.#options = options;
    this.#duties = new DutyQueue(options.clock, options.logger);
    this.#possibleLosses = options.metrics.counter(
      'ks_unclean_elections_total',
      'Leaders elected that were not surely in sync: acknowledged records may be lost.',
    );
  }

  /**
   * Elects leaders for the brokers as the store has them now, if this broker is the controller. Called after registering and
   * before the first image, so that a broker that stands alone serves from its first image on.
   */
  async settleBirths(): Promise<void> {
    const { store, brokerId } = this.#options;
    const entry = (await store.read(CONTROLLER_KEY)).entries.find(({ key }) => key === CONTROLLER_KEY);
    const elected = entry && readRecord(entry.key, entry.value, controllerFormat).brokerId;
    if (elected !== brokerId) return;
    for (let attempt = 0; attempt < BIRTH_ATTEMPTS_MAX; attempt++) {
      const { entries, revision } = await store.read('');
      const { image } = stateFromEntries(entries, revision);
      if (image.controllerId !== brokerId) return;
      if (await this.#elect(image)) return;
    }
    throw new Error('the partitions kept changing while this broker elected their leaders');
  }

  /** Observer of the loader, which is told of every state at once: elections do not wait for this broker's own logs. */
  applyState(next: MetadataState): void {
    if (this.#isStopped) return;
    const previous = this.#state?.image;
    if (this.#state === undefined) this.#startTimers();
    this.#state = next;
    const { image } = next;
    if (image.controllerId < 0) this.#stand();
    if (!this.#isController(image)) return;
    const isNew = previous?.controllerEpoch !== image.controllerEpoch;
    // A configuration may allow an election that was not allowed before.
    if (isNew || previous.brokers !== image.brokers || previous.configs !== image.configs) this.#requestElections();
    if (isNew || previous.topicsById !== image.topicsById) this.#completeMoves(isNew ? undefined : previous, image);
    for (const topicId of image.deletions.keys()) {
      if (isNew || !previous.deletions.has(topicId)) this.#sweep(topicId);
    }
    // Only what an earlier controller left: what this one begins comes after this image.
    if (isNew) for (const [topicId, partitions] of leftoverPartitions(next)) this.#sweepLeftovers(topicId, partitions);
  }

  /** Settles when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    await this.#duties.stop();
  }

  #isController(image: ClusterImage): boolean {
    return image.controllerId === this.#options.brokerId;
  }

  #startTimers(): void {
    const { preferredLeadersEveryMs } = this.#options;
    if (preferredLeadersEveryMs !== undefined) this.#every(preferredLeadersEveryMs, () => this.#movePreferredLeaders());
    this.#every(COMPACTION_INTERVAL_MS, () => this.#compact());
  }

  #every(intervalMs: number, tick: () => void): void {
    const timer = this.#options.clock.setTimer(intervalMs, () => {
      this.#timers.delete(timer);
      tick();
      this.#every(intervalMs, tick);
    });
    this.#timers.add(timer);
  }

  #stand(): void {
    this.#duties.request({
      name: 'stand for controller',
      rank: ranks.stand,
      attempt: async () => {
        if ((this.#state?.image.controllerId ?? -1) < 0) await this.#options.standForController();
        return true;
      },
    });
  }

  /** A duty that commits what `plan` makes of the newest image, as long as this broker is the controller. */
  #request(name: string, rank: number, attempt: (state: MetadataState) => Promise<boolean>): void {
    const current = (): MetadataState | undefined => this.#state;
    this.#duties.request({
      name,
      rank,
      attempt: async () => {
        const state = current();
        return state === undefined || !this.#isController(state.image) || (await attempt(state));
      },
    });
  }

  #requestElections(): void {
    this.#request('elections', ranks.elections, ({ image }) => this.#elect(image));
  }

  /** False where some partition had changed meanwhile. */
  async #elect(image: ClusterImage): Promise<boolean> {
    const { logger, electionRulesOf } = this.#options;
    const changes = planElections(image, (topic) => electionRulesOf(topic, image));
    if (changes.length === 0) return true;
    const written = await this.#write(changes, image);
    const possibleLosses = written.filter((change) => change.dataLossPossible).length;
    if (possibleLosses > 0) {
      this.#possibleLosses.add(possibleLosses);
      logger.warn(
        { partitions: possibleLosses },
        'leaders were elected after an unclean stop; records not yet flushed may be lost',
      );
    }
    logger.debug({ partitions: written.length }, 'leaders elected');
    return written.length === changes.length;
  }

  /** All at once, as they do not depend on each other. Those that are written: others had changed meanwhile. */
  async #write<Change extends PartitionChange>(
    changes: readonly Change[],
    image: ClusterImage,
  ): Promise<readonly Change[]> {
    const groups: (readonly Change[])[] = [];
    for (let from = 0; from < changes.length; from += PARTITION_KEYS_MAX) {
      groups.push(changes.slice(from, from + PARTITION_KEYS_MAX));
    }
    const commit = (transaction: StoreTransaction) => commitSurely(this.#options.store, transaction);
    const written = await Promise.all(
      groups.map(async (group) => {
        const results = await Promise.all(changeTransactions(group, image).map(commit));
        return results.every(({ status }) => status === 'ok') ? group : [];
      }),
    );
    return written.flat();
  }

  #completeMoves(previous: ClusterImage | undefined, next: ClusterImage): void {
    const changed = [...next.topicsByName.values()].filter(
      (topic) => previous?.topicsById.get(topic.topicId) !== topic,
    );
    if (planCompletedMoves(changed, next).length === 0) return;
    this.#request('moves of replicas', ranks.moves, async ({ image }) => {
      const changes = planCompletedMoves(image.topicsByName.values(), image);
      return (await this.#write(changes, image)).length === changes.length;
    });
  }

  #movePreferredLeaders(): void {
    this.#request('preferred leaders', ranks.preferred, async ({ image }) => {
      const changes = planPreferredLeaders(image, PREFERRED_LEADERS_MAX);
      const written = await this.#write(changes, image);
      return written.length === changes.length && changes.length < PREFERRED_LEADERS_MAX;
    });
  }

  #compact(): void {
    const target = this.#nextCompaction;
    this.#nextCompaction = this.#state?.image.revision ?? 0;
    if (target === 0) return;
    this.#request('compaction', ranks.compaction, async () => {
      await this.#options.store.compact(target);
      return true;
    });
  }

  #sweep(topicId: string): void {
    this.#request(`sweep ${topicId}`, ranks.sweep, ({ image, partitions }) => {
      if (!image.deletions.has(topicId)) return Promise.resolve(true);
      return this.#commit(sweepTransactions(topicId, partitions.get(topicId)?.keys() ?? [], image));
    });
  }

  #sweepLeftovers(topicId: string, found: readonly PartitionImage[]): void {
    this.#request(`sweep what is left of ${topicId}`, ranks.sweep, ({ image, partitions }) => {
      const now = partitions.get(topicId);
      const left = found.filter((each) => now?.get(each.partitionIndex)?.modRevision === each.modRevision);
      return this.#commit(leftoverTransactions(topicId, left, image));
    });
  }

  async #commit(transactions: TransactionSequence): Promise<boolean> {
    if (transactions.length === 0) return true;
    return (await commitInOrder(this.#options.store, transactions)).status === 'ok';
  }
}
