import { ErrorCode } from '@ks/protocol';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { TopicPartitionList } from '../core/transaction/topic-partitions.ts';
import type { SendMarkersEffect } from '../core/transaction/transaction-view.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';

/** The end of one transaction, for some of its partitions. */
export interface TransactionMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly committed: boolean;
  /** Leader epoch of the partition of `__transaction_state` that decided; a lower one than the highest seen is refused. */
  readonly coordinatorEpoch: number;
  /** 2 and more: the marker's epoch is above the one it ends (KIP-890). */
  readonly transactionVersion: number;
  readonly partitions: TopicPartitionList;
}

/** What became of a marker: an error code for each of its partitions, in order. */
export type MarkedPartitions = readonly {
  readonly topic: string;
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[];
}[];

/** Takes markers to the leaders of partitions. */
export interface MarkerChannel {
  /** One result per marker. Never rejects: what does not get there is a retriable error code of every partition. */
  writeMarkers(brokerId: number, markers: readonly TransactionMarker[]): Promise<readonly MarkedPartitions[]>;
}

export interface TransactionMarkersOptions {
  readonly channel: MarkerChannel;
  readonly image: () => ClusterImage;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every partition has its marker (or is gone). False: to be told again, as the coordinator could not write it down. */
  readonly completed: (job: MarkerJob) => Promise<boolean>;
}

/** The markers of one prepared transaction. */
export interface MarkerJob extends SendMarkersEffect {
  /** The partition of `__transaction_state` that decided, and its leader epoch. */
  readonly coordinatorPartition: number;
  readonly coordinatorEpoch: number;
}

/** What is not marked yet is tried again after this, later and later. */
const RETRY_DELAY_MS = 100;
const RETRY_DELAY_MS_MAX = 2000;

/** Writes the markers of prepared transactions into every partition that takes part, again and again until all have theirs. */
export class TransactionMarkers {
  readonly #options: TransactionMarkersOptions;
  readonly #running = new Map<string, RunningJob>();

  constructor(options: TransactionMarkersOptions) {
    this.#options = options;
  }

  /** Begins; what was under way for the same transactional id ends: two must not write side by side. */
  send(job: MarkerJob): void {
    this.#cancel(job.transactionalId);
    const running = new RunningJob(job, this.#options, () => {
      if (this.#running.get(job.transactionalId) === running) this.#running.delete(job.transactionalId);
    });
    this.#running.set(job.transactionalId, running);
    running.step();
  }

  /** Ends what was begun for a partition of `__transaction_state`: it is coordinated elsewhere. */
  cancelOf(coordinatorPartition: number): void {
    for (const [transactionalId, { job }] of [...this.#running]) {
      if (job.coordinatorPartition === coordinatorPartition) this.#cancel(transactionalId);
    }
  }

  #cancel(transactionalId: string): void {
    this.#running.get(transactionalId)?.cancel();
    this.#running.delete(transactionalId);
  }
}

class RunningJob {
  readonly job: MarkerJob;
  readonly #options: TransactionMarkersOptions;
  readonly #ended: () => void;
  readonly #unmarked = new Map<string, Set<number>>();
  #isCancelled = false;
  #retry: Timer | undefined;
  #tries = 0;

  constructor(job: MarkerJob, options: TransactionMarkersOptions, ended: () => void) {
    this.job = job;
    this.#options = options;
    this.#ended = ended;
    for (const { topic, partitionIndexes } of job.partitions) this.#unmarked.set(topic, new Set(partitionIndexes));
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#retry?.cancel();
  }

  step(): void {
    void this.#step().catch((error: unknown) => {
      this.#options.logger.error({ transactionalId: this.job.transactionalId, error }, 'writing markers has failed');
      this.#retryLater();
    });
  }

  async #step(): Promise<void> {
    await Promise.all([...this.#byLeader()].map(([leader, partitions]) => this.#sendTo(leader, partitions)));
    if (this.#isCancelled) return;
    if (this.#unmarked.size > 0) return this.#retryLater();
    if (await this.#options.completed(this.job)) this.#ended();
    else this.#retryLater();
  }

  #retryLater(): void {
    if (this.#isCancelled) return;
    this.#tries += 1;
    const delayMs = Math.min(this.#tries * RETRY_DELAY_MS, RETRY_DELAY_MS_MAX);
    this.#retry = this.#options.clock.setTimer(delayMs, () => this.step());
  }

  /** What is left, by the broker that leads it. A deleted topic needs no marker; a partition without leader waits for one. */
  #byLeader(): Map<number, Map<string, number[]>> {
    const leaders = new Map<number, Map<string, number[]>>();
    const { topicsByName } = this.#options.image();
    for (const [topic, partitions] of this.#unmarked) {
      const image = topicsByName.get(topic);
      for (const partitionIndex of partitions) {
        const leader = image?.partitions[partitionIndex]?.leader;
        if (leader === undefined) this.#marked(topic, partitionIndex);
        else if (leader >= 0) add(leaders, leader, topic, partitionIndex);
      }
    }
    return leaders;
  }

  async #sendTo(leader: number, partitions: Map<string, number[]>): Promise<void> {
    const { producerId, producerEpoch, committed, coordinatorEpoch, clientTransactionVersion } = this.job;
    const [results = []] = await this.#options.channel.writeMarkers(leader, [
      {
        ...{ producerId, producerEpoch, committed, coordinatorEpoch },
        transactionVersion: clientTransactionVersion,
        partitions: [...partitions].map(([topic, partitionIndexes]) => ({ topic, partitionIndexes })),
      },
    ]);
    if (this.#isCancelled) return;
    for (const { topic, partitions: marked } of results) {
      for (const { partitionIndex, errorCode } of marked) this.#settle(topic, partitionIndex, errorCode);
    }
  }

  #settle(topic: string, partitionIndex: number, errorCode: number): void {
    const { transactionalId, producerId, producerEpoch } = this.job;
    const about = { transactionalId, producerId, producerEpoch, topic, partitionIndex, errorCode };
    switch (errorCode) {
      case ErrorCode.NONE:
        this.#marked(topic, partitionIndex);
        return;
      case ErrorCode.INVALID_PRODUCER_EPOCH:
        // A later epoch has been there: nothing of this transaction is open any more.
        this.#options.logger.warn(about, 'a partition has seen a later epoch than that of the marker');
        this.#marked(topic, partitionIndex);
        return;
      case ErrorCode.TRANSACTION_COORDINATOR_FENCED:
        // Another coordinator decides about this id; should that turn out wrong, the next load here begins again.
        this.#options.logger.warn(about, 'a later coordinator has written markers: this one gives up');
        this.cancel();
        this.#ended();
        return;
      default:
        // Once: what keeps it back may last as long as a disk is away.
        if (this.#tries === 0) this.#options.logger.info(about, 'a marker is still to be written');
    }
  }

  #marked(topic: string, partitionIndex: number): void {
    const partitions = this.#unmarked.get(topic);
    partitions?.delete(partitionIndex);
    if (partitions?.size === 0) this.#unmarked.delete(topic);
  }
}

function add(leaders: Map<number, Map<string, number[]>>, leader: number, topic: string, partitionIndex: number): void {
  const topics = leaders.get(leader) ?? new Map<string, number[]>();
  leaders.set(leader, topics);
  const partitions = topics.get(topic) ?? [];
  topics.set(topic, partitions);
  partitions.push(partitionIndex);
}
