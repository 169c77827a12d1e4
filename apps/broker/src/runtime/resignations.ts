import type { ClusterImage, PartitionImage, TopicImage } from '../core/metadata/image.ts';
import { resignTransaction } from '../core/partition/isr-transaction.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { type MetadataStore, MetadataStoreError } from '../ports/metadata-store.ts';
import type { OwnRegistration } from './isr-changes.ts';

/** Writes under way at a time: a directory that fails may hold thousands of partitions. */
const CONCURRENT_WRITES = 16;
const RETRY_DELAY_MS = 100;

export interface ResignationsOptions {
  readonly brokerId: number;
  readonly store: MetadataStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly registration: () => OwnRegistration | undefined;
  readonly effectiveMinIsrOf: (topic: TopicImage, partition: PartitionImage, image: ClusterImage) => number;
  readonly imageInForce: () => ClusterImage | undefined;
}

/**
 * Gives away the leadership of partitions whose log directory has failed, to replicas that are in sync: nothing but those partitions
 * moves. Where the record has changed meanwhile, or no other replica is in sync, nothing happens; a newer record asks again.
 */
export class Resignations {
  readonly #options: ResignationsOptions;
  /** Partitions to be given away: `topic/partition`. */
  readonly #waiting = new Map<string, { readonly topic: string; readonly partitionIndex: number }>();
  #running = 0;
  #isStopped = false;

  constructor(options: ResignationsOptions) {
    this.#options = options;
  }

  /** The partition cannot be served here. */
  request(topic: string, partitionIndex: number): void {
    this.#waiting.set(`${topic}/${partitionIndex}`, { topic, partitionIndex });
    while (this.#running < CONCURRENT_WRITES && !this.#isStopped && this.#running < this.#waiting.size) {
      this.#running += 1;
      void this.#work().finally(() => {
        this.#running -= 1;
      });
    }
  }

  /** Begins nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.#waiting.clear();
  }

  async #work(): Promise<void> {
    // The image that names this broker is in force a moment later.
    await Promise.resolve();
    for (const [key, { topic, partitionIndex }] of this.#waiting) {
      this.#waiting.delete(key);
      await this.#resign(topic, partitionIndex);
    }
  }

  async #resign(topicName: string, partitionIndex: number): Promise<void> {
    const { brokerId, imageInForce, logger } = this.#options;
    while (!this.#isStopped) {
      const image = imageInForce();
      const topic = image?.topicsByName.get(topicName);
      const partition = topic?.partitions[partitionIndex];
      if (image === undefined || topic === undefined || partition?.leader !== brokerId) return;
      const status = await this.#commit(topic, partition, image);
      if (status === 'ok') {
        logger.warn({ topic: topicName, partition: partitionIndex }, 'Gave a leadership away: the log cannot be used');
      }
      if (status !== 'unknown') return;
      await new Promise<void>((resolve) => void this.#options.clock.setTimer(RETRY_DELAY_MS, resolve));
    }
  }

  async #commit(
    topic: TopicImage,
    partition: PartitionImage,
    image: ClusterImage,
  ): Promise<'ok' | 'conflict' | 'unknown'> {
    const { brokerId, store, registration, effectiveMinIsrOf } = this.#options;
    const own = registration();
    if (own === undefined || own.isFenced()) return 'unknown';
    const transaction = resignTransaction({
      ...{ topicId: topic.topicId, partition, image },
      effectiveMinIsr: effectiveMinIsrOf(topic, partition, image),
      leader: { brokerId, brokerEpoch: own.brokerEpoch },
    });
    if (transaction === undefined) return 'conflict';
    try {
      return (await store.commit(transaction)).status;
    } catch (error) {
      if (!(error instanceof MetadataStoreError)) throw error;
      return 'unknown';
    }
  }
}
