import type { Core } from '@ks/core-wasm';
import type { Codec } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { Producer } from '../producer/producer.ts';
import type { Assignment, ConsumerOptions } from './consumer-options.ts';
import { Aside } from './dead-letters.ts';
import { PartitionConsumer, type ReadRequest } from './partition-consumer.ts';
import { PartitionReader } from './partition-reader.ts';

/**
 * Reads partitions that are assigned by hand; what is read and not assigned is assigned whole, from the consumer's `from`. One `read`,
 * `batches` or `rawBatches` is active at a time; a second one throws. In `for await` a record is done when the next is asked for: after
 * `break` or a throw the next reading starts with it again.
 */
export class Consumer extends PartitionConsumer {
  readonly #reader: PartitionReader;

  /** `channel` names the connections that this consumer waits on, apart from all others. */
  constructor(
    cluster: Cluster,
    core: Core,
    codec: Codec,
    channel: string,
    options: ConsumerOptions,
    producer: () => Producer,
  ) {
    const reader = new PartitionReader(cluster, core, codec, channel, options, true);
    super(reader, new Aside(producer, undefined));
    this.#reader = reader;
  }

  /** Replaces what is assigned. Rejects with UNKNOWN_TOPIC_OR_PARTITION, INVALID_ARGUMENT. */
  assign(
    assignments: readonly Assignment[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    return this.#reader.assign(assignments, options);
  }

  /** Assigns partitions besides those there are; one that is there already begins again. Rejects as `assign` does. */
  assignAlso(
    assignments: readonly Assignment[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    return this.#reader.add(assignments, options);
  }

  /** Takes partitions away; others go on undisturbed. */
  unassign(partitions: readonly TopicPartition[]): void {
    this.#reader.remove(partitions);
  }

  /** Ends what is being read and closes the consumer's connections. */
  async close(): Promise<void> {
    await this.#reader.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected async prepare(request: ReadRequest): Promise<ReadRequest> {
    return request;
  }
}
