import type { Core } from '@ks/core-wasm';
import type { Codec } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { CommittedOffset, OffsetToCommit } from '../groups/group-offsets.ts';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { Producer } from '../producer/producer.ts';
import type { TransactionalReader } from '../transactions/transaction.ts';
import { Aside } from './dead-letters.ts';
import type { GroupConsumerOptions } from './group-options.ts';
import { GroupSession } from './group-session.ts';
import { PartitionConsumer, type ReadRequest } from './partition-consumer.ts';
import { PartitionReader } from './partition-reader.ts';

/**
 * Reads what its group assigns to it. The first reading joins the group for its topics; later ones must name the same. A record is done
 * when the next is asked for: what is done is committed every few seconds, before partitions are given up, and by `close`. A record that
 * is in hand when its partition goes to another member is read there again.
 */
export class GroupConsumer extends PartitionConsumer implements TransactionalReader {
  readonly #options: GroupConsumerOptions;
  readonly #reader: PartitionReader;
  readonly #session: GroupSession;
  #closing: Promise<void> | undefined;

  /** `channel` names the connections that this consumer waits on, apart from all others. */
  constructor(
    cluster: Cluster,
    core: Core,
    codec: Codec,
    channel: string,
    options: GroupConsumerOptions,
    producer: () => Producer,
  ) {
    const reader = new PartitionReader(cluster, core, codec, channel, options, false);
    const session = new GroupSession(cluster, options, channel, reader);
    super(reader, new Aside(producer, options.group), session);
    this.#options = options;
    this.#reader = reader;
    this.#session = session;
  }

  /**
   * Commits what is done, or the offsets given: of the next record of each partition. Rejects with UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION
   * or FENCED_INSTANCE_ID where the group has gone on without this member.
   */
  async commit(
    offsets?: readonly OffsetToCommit[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    await this.#session.commit(offsets, options.signal);
  }

  /** What the group has committed, of the partitions given or all that are assigned; those without a commit are left out. */
  committed(
    partitions?: readonly TopicPartition[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<CommittedOffset[]> {
    return this.#session.committed(partitions, options.signal);
  }

  /** What a transaction commits for this consumer: see `Transaction.commitOffsets`. */
  offsetsForTransaction() {
    if (this.#options.autoCommitIntervalMs !== false) {
      const message = 'this consumer commits by itself: offsets in a transaction need autoCommitIntervalMs: false';
      throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message);
    }
    return this.#session.offsetsForTransaction();
  }

  /** Commits what is done, leaves the group and closes the consumer's connections. */
  close(): Promise<void> {
    this.#closing ??= this.#session.close().finally(() => this.#reader.close());
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  protected async prepare({ options, topics }: ReadRequest): Promise<ReadRequest> {
    const { failure } = this.#session;
    const signal = options.signal === undefined ? failure : AbortSignal.any([failure, options.signal]);
    await this.#session.join(topics, signal);
    return { options: { ...options, signal }, topics };
  }
}
