import type { ClusterImage } from '../core/metadata/image.ts';
import { isrTransaction } from '../core/partition/isr-transaction.ts';
import type { IsrChangeOutcome } from '../core/partition/partition.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import {
  type CommitResult,
  type MetadataStore,
  MetadataStoreError,
  type StoreTransaction,
} from '../ports/metadata-store.ts';
import type { HostedReplica, IsrWish } from './hosted-replica.ts';

/** Writes under way at a time; more wait their turn. */
const CONCURRENT_WRITES = 16;
/** Pause after an answer was lost, or the store could not be reached. */
const RETRY_DELAY_MS = 100;

/** This broker's own registration, as far as a writer of its partitions must know it. */
export interface OwnRegistration {
  readonly brokerEpoch: number;
  /** Whether it may have ended: then nothing is written. */
  isFenced(): boolean;
}

export interface IsrChangesOptions {
  readonly brokerId: number;
  readonly store: MetadataStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registration: () => OwnRegistration | undefined;
}

interface Job {
  readonly replica: HostedReplica;
  readonly wish: IsrWish;
  /** What the wish was made from: whoever was born anew since has not caught up. */
  readonly image: ClusterImage;
}

/** Counts what became of the writes. */
export interface IsrChangeCounts {
  readonly shrinks: number;
  readonly expands: number;
  readonly failed: number;
}

/** Writes the ISRs that leaders want, each by compare-and-set, and tells them what became of it. */
export class IsrChanges {
  readonly #options: IsrChangesOptions;
  readonly #waiting: Job[] = [];
  readonly #counts = { shrinks: 0, expands: 0, failed: 0 };
  #running = 0;
  #isStopped = false;

  constructor(options: IsrChangesOptions) {
    this.#options = options;
  }

  get counts(): IsrChangeCounts {
    return this.#counts;
  }

  /** Has the ISR written; `replica.isrChangeEnded` is called when it is known what became of it, never before this returns. */
  request(replica: HostedReplica, wish: IsrWish, image: ClusterImage): void {
    this.#waiting.push({ replica, wish, image });
    this.#start();
  }

  /** Begins nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting.length = 0;
  }

  #start(): void {
    while (this.#running < CONCURRENT_WRITES && !this.#isStopped) {
      const job = this.#waiting.shift();
      if (job === undefined) return;
      this.#running += 1;
      void this.#run(job).finally(() => {
        this.#running -= 1;
        this.#start();
      });
    }
  }

  async #run(job: Job): Promise<void> {
    const { replica, wish } = job;
    // Out of the step that asked for it.
    await Promise.resolve();
    const outcome = await this.#write(job);
    const { partition, isr } = wish;
    if (outcome === 'ok') {
      if (isr.length < partition.isr.length) this.#counts.shrinks += 1;
      else this.#counts.expands += 1;
      const fields = { topic: replica.topic, partition: replica.partitionIndex, from: partition.isr, to: isr };
      this.#options.logger.info(fields, 'Changed an ISR');
    } else if (outcome === 'conflict') this.#counts.failed += 1;
    replica.isrChangeEnded(partition.partitionEpoch, outcome);
  }

  /** Tries until the outcome is known, or no longer matters because a newer record is. */
  async #write(job: Job): Promise<IsrChangeOutcome> {
    const { replica, wish } = job;
    let isLost = false;
    while (!this.#isStopped && replica.isLeader && replica.partitionEpoch === wish.partition.partitionEpoch) {
      const transaction = this.#transactionOf(job);
      if (transaction === undefined && !isLost) return 'conflict';
      const result = transaction === undefined ? { status: 'unknown' as const } : await this.#commit(transaction);
      if (result.status === 'ok') return 'ok';
      if (result.status === 'conflict') return isLost ? this.#afterLoss(transaction) : 'conflict';
      isLost = true;
      await this.#pause();
    }
    return 'unknown';
  }

  /** Undefined while this broker's registration may have ended. */
  #transactionOf({ replica, wish, image }: Job): StoreTransaction | undefined {
    const { brokerId, registration } = this.#options;
    const own = registration();
    if (own === undefined || own.isFenced()) return undefined;
    const leader = { brokerId, brokerEpoch: own.brokerEpoch };
    return isrTransaction({ topicId: replica.topicId, ...wish, leader, image });
  }

  async #commit(transaction: StoreTransaction): Promise<CommitResult> {
    try {
      return await this.#options.store.commit(transaction);
    } catch (error) {
      if (!(error instanceof MetadataStoreError)) throw error;
      return { status: 'unknown' };
    }
  }

  /**
   * A conflict after a lost answer: where the record is still the one that was decided on, no try was or will be applied (each would
   * meet the same conflict). Otherwise the record may be this write's or another's, and the image will show it.
   */
  async #afterLoss(transaction: StoreTransaction | undefined): Promise<IsrChangeOutcome> {
    const condition = transaction?.conditions[0];
    if (condition === undefined || !('modRevision' in condition)) return 'unknown';
    try {
      const { entries } = await this.#options.store.read(condition.key);
      const entry = entries.find(({ key }) => key === condition.key);
      return entry?.modRevision === condition.modRevision ? 'conflict' : 'unknown';
    } catch (error) {
      if (!(error instanceof MetadataStoreError)) throw error;
      return 'unknown';
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.setTimer(RETRY_DELAY_MS, resolve);
    });
  }
}
