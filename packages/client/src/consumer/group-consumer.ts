import type { Core } from '@ks/core-wasm';
import type { Codec } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { CommittedOffset, OffsetToCommit } from '../groups/group-offsets.ts';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { Producer } from '../producer/producer.ts';
import type { Transaction, TransactionalReader } from '../transactions/transaction.ts';
import type { RecordOf } from './consumer-options.ts';
import { Aside, refuseMissingTarget } from './dead-letters.ts';
import { FailurePath } from './failure-path.ts';
import type { GroupConsumerOptions } from './group-options.ts';
import { GroupSession } from './group-session.ts';
import { PartitionConsumer, type ReadRequest } from './partition-consumer.ts';
import { PartitionReader } from './partition-reader.ts';
import { type ProcessBatch, type ProcessOptions, processAll } from './process.ts';
import { type Readable, TopicSelection } from './read-arguments.ts';
import type { Reading } from './reading.ts';
import type { RunContext, RunOptions } from './run-options.ts';
import { Runner } from './runner.ts';
import { RecordDecoder } from './typed-record.ts';

/**
 * Reads what its group assigns to it. The first reading joins the group for its topics; later ones must name the same. A record is done
 * when the next is asked for: what is done is committed every few seconds, before partitions are given up, and by `close`. A record that
 * is in hand when its partition goes to another member is read there again.
 */
export class GroupConsumer extends PartitionConsumer implements TransactionalReader {
  readonly #options: GroupConsumerOptions;
  readonly #reader: PartitionReader;
  readonly #session: GroupSession;
  readonly #cluster: Cluster;
  readonly #aside: Aside;
  #runner: Runner | undefined;
  /** What `process` reads. */
  #processing: Reading | undefined;
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
    const reader = new PartitionReader(cluster, core, codec, channel, options, false, options.group);
    const session = new GroupSession(cluster, options, channel, reader);
    const aside = new Aside(producer, options.group);
    super(reader, aside, session);
    this.#cluster = cluster;
    this.#aside = aside;
    this.#options = options;
    this.#reader = reader;
    this.#session = session;
  }

  /**
   * Hands every record to `handler`, `concurrency` of them at a time and those of one key in order, until the consumer is closed. Commits
   * what is done, and only that: a record behind one that is not done is committed later, and may come again after a crash.
   *
   *     await consumer.run(orders, { concurrency: 64, retry: { attempts: 5 }, deadLetter: ordersDlq }, async (record, { signal }) => …)
   *
   * A failure is tried again as `retry` says, then goes to the retry topics and at last to `deadLetter`; without one the run rejects with
   * it, all that is done committed. Rejects with ABORTED when the signal fired, and as `read` does.
   */
  async run<const T extends Readable>(
    topics: T | readonly T[],
    options: RunOptions,
    handler: (record: RecordOf<readonly [T]>, context: RunContext) => unknown,
  ): Promise<void> {
    const { onInvalid = 'throw', deadLetter, signal } = options;
    refuseMissingTarget(onInvalid, deadLetter);
    const failures = new FailurePath(options, this.#aside, this.#cluster.options.clock);
    const selection = new TopicSelection([...listOf(topics), ...failures.topics]);
    const bury = deadLetter === undefined ? undefined : this.#aside.buryIn(deadLetter);
    const decoder = new RecordDecoder(selection, onInvalid, bury);
    const parts = { cluster: this.#cluster, reader: this.#reader, session: this.#session, decoder, failures };
    const runner = new Runner(parts, options, handler as never);
    const prepared = await this.prepare({ options: { signal }, topics: selection });
    const reading = await this.#reader.begin(prepared.options, prepared.topics);
    this.#runner = runner;
    try {
      await runner.run(reading, this.#session.patienceMs);
    } finally {
      this.#runner = undefined;
      this.#reader.end(reading);
    }
  }

  /**
   * Reads, works and writes exactly once: what `work` sends by `tx` and the offsets of its batch are committed in one transaction of
   * `producer`, or not at all. Only committed records are read, and the consumer commits nothing by itself from then on.
   *
   *     await consumer.process(orders, { producer }, async (batch, tx) => {
   *       for (const order of batch) await tx.send(invoices, toInvoice(order))
   *     })
   *
   * When `work` throws, the transaction is aborted, positions go back to what is committed, and the error is thrown on. What passes
   * (a coordinator that moves, a transaction that can only be aborted) is done again from there. Rejects with PRODUCER_FENCED, with
   * ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, STALE_MEMBER_EPOCH or FENCED_INSTANCE_ID when partitions were lost, with ABORTED, and as `read`
   * does; settles when the consumer is closed, which lets the transaction under way end first, for half a session.
   */
  async process<const T extends Readable>(
    topics: T | readonly T[],
    options: ProcessOptions,
    work: (batch: ProcessBatch<RecordOf<readonly [T]>>, tx: Transaction) => unknown,
  ): Promise<void> {
    refuseMissingTarget(options.onInvalid, options.deadLetter);
    if (this.#options.isolationLevel === 'read_uncommitted') {
      throw misuse('process reads what is committed: leave isolationLevel out, or set read_committed');
    }
    const selection = new TopicSelection(listOf(topics));
    this.#reader.showCommittedOnly();
    this.#session.commitNothingItself();
    const prepared = await this.prepare({ options: { signal: options.signal }, topics: selection });
    const reading = await this.#reader.begin(prepared.options, selection);
    const { group } = this.#options;
    const parts = { cluster: this.#cluster, reader: this.#reader, session: this.#session, topics: selection, group };
    this.#processing = reading;
    try {
      await processAll(parts, { ...options, signal: prepared.options.signal }, reading, work as never);
    } finally {
      this.#processing = undefined;
      this.#reader.end(reading);
    }
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
    if (this.#session.commitsItself) {
      throw misuse('this consumer commits by itself: offsets in a transaction need autoCommitIntervalMs: false');
    }
    return this.#session.offsetsForTransaction();
  }

  /** Commits what is done, leaves the group and closes the consumer's connections. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { patienceMs, inHand } = this.#session;
    await this.#runner?.drain(patienceMs);
    if (this.#processing !== undefined) {
      this.#processing.finish();
      await inHand.returned(this.#reader.states, patienceMs);
    }
    await this.#session.close();
    await this.#reader.close();
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

function listOf<T extends Readable>(topics: T | readonly T[]): readonly Readable[] {
  return Array.isArray(topics) ? topics : [topics as T];
}

function misuse(message: string): KafkaError {
  return new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message);
}
