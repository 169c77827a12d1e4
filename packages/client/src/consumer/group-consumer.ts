import type { Core } from '@ks/core-wasm';
import { type Codec, ErrorCode } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { rangeAssignor, roundRobinAssignor } from '../groups/assignors.ts';
import { ClassicMembership } from '../groups/classic-membership.ts';
import { type Committer, commitOffsets, fetchOffsets } from '../groups/group-offsets.ts';
import type { Membership, MembershipHost } from '../groups/membership.ts';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { Timer } from '../ports/clock.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import { Consumer } from './consumer.ts';
import type { Assignment, ConsumedBatch, PartitionOffset, ReadOptions, ReadRecord } from './consumer-options.ts';
import type { GroupConsumerOptions } from './group-options.ts';
import { splitArguments, type Topics } from './read-arguments.ts';
import { ReaderGate } from './reader-gate.ts';

const AUTO_COMMIT_INTERVAL_MS = 5000;

/**
 * Reads what its group assigns to it. The first `read` or `batches` joins the group for its topics; later ones must name the same.
 * A record is done when the next is asked for: what is done is committed every few seconds, before partitions are given up, and by
 * `close`. A record that is in hand when its partition goes to another member is read there again.
 */
export class GroupConsumer {
  readonly #cluster: Cluster;
  readonly #options: GroupConsumerOptions;
  readonly #channel: string;
  readonly #inner: Consumer;
  readonly #gate: ReaderGate;
  readonly #failed = new AbortController();
  #topics: readonly string[] | undefined;
  #membership: Membership | undefined;
  #committer: Committer | undefined;
  #commitTimer: Timer | undefined;
  /** By `topic partition`: what the group has of this member. */
  readonly #committed = new Map<string, number>();
  readonly #assigned = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  /** `channel` names the connections that this consumer waits on, apart from all others. */
  constructor(cluster: Cluster, core: Core, codec: Codec, channel: string, options: GroupConsumerOptions) {
    this.#cluster = cluster;
    this.#options = options;
    this.#channel = channel;
    this.#inner = new Consumer(cluster, core, codec, channel, options, true);
    this.#gate = new ReaderGate(cluster.options.clock);
    // Whoever reads hears of it; without a reader nobody waits.
    this.#assigned.promise.catch(() => undefined);
  }

  /** What is assigned now, with the offset of the next record of each partition; nothing while the group hands out anew. */
  assignment(): readonly PartitionOffset[] {
    return this.#committer === undefined ? [] : this.#inner.assignment();
  }

  /** As `Consumer.read`, of the partitions that the group assigns. Offsets of `until` count for those it has. */
  read<const T extends Topics>(...topics: T): AsyncGenerator<ReadRecord<T, object>, void, undefined>;
  read<const O extends ReadOptions, const T extends Topics>(
    options: O,
    ...topics: T
  ): AsyncGenerator<ReadRecord<T, O>, void, undefined>;
  async *read(...given: readonly (ReadOptions | AnyTopic | string)[]): AsyncGenerator<never, void, undefined> {
    const { options, topics } = await this.#begin(given);
    yield* this.#through(this.#inner.read(options, ...topics) as AsyncGenerator<never, void, undefined>);
  }

  /** As `Consumer.batches`, of the partitions that the group assigns. */
  batches<const T extends Topics>(...topics: T): AsyncGenerator<ConsumedBatch<ReadRecord<T, object>>, void, undefined>;
  batches<const O extends ReadOptions, const T extends Topics>(
    options: O,
    ...topics: T
  ): AsyncGenerator<ConsumedBatch<ReadRecord<T, O>>, void, undefined>;
  async *batches(...given: readonly (ReadOptions | AnyTopic | string)[]): AsyncGenerator<never, void, undefined> {
    const { options, topics } = await this.#begin(given);
    yield* this.#through(this.#inner.batches(options, ...topics) as AsyncGenerator<never, void, undefined>);
  }

  /** Goes on somewhere else in partitions that are assigned: what is committed next counts from there. */
  seek(places: readonly Assignment[], options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    return this.#inner.seek(places, options);
  }

  /** Commits what is done. Rejects with UNKNOWN_MEMBER_ID or ILLEGAL_GENERATION where the group has gone on without this member. */
  async commit(): Promise<void> {
    const committer = this.#committer;
    if (committer === undefined) return;
    const done = this.#inner
      .assignment()
      .filter(({ topic, partition, offset }) => this.#committed.get(`${topic} ${partition}`) !== offset);
    await commitOffsets(this.#cluster, this.#options.group, done, { committer });
    for (const { topic, partition, offset } of done) this.#committed.set(`${topic} ${partition}`, offset);
  }

  /** What a transaction commits for this consumer: see `Transaction.commitOffsets`. */
  offsetsForTransaction() {
    if (this.#options.autoCommitIntervalMs !== false) {
      throw misuse('this consumer commits by itself: offsets in a transaction need autoCommitIntervalMs: false');
    }
    if (this.#committer === undefined) {
      throw new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID, 'the consumer has no partitions now: nothing can be committed');
    }
    return { group: this.#options.group, committer: this.#committer, offsets: this.#inner.assignment() };
  }

  /** Commits what is done, leaves the group and closes the consumer's connections. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#gate.open();
    await this.#membership?.stop();
    this.#commitTimer?.cancel();
    this.#assigned.reject(new KafkaError(ClientErrorCode.CLOSED, 'the consumer was closed'));
    await this.#inner.close();
  }

  /** Joins, and settles when the first partitions are there. */
  async #begin(given: readonly (ReadOptions | AnyTopic | string)[]) {
    const { options, topics } = splitArguments(given);
    this.#join(topics.map(topicName).toSorted());
    const signal = AbortSignal.any([this.#failed.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void =>
      aborted.reject(this.#failed.signal.reason ?? new KafkaError(ClientErrorCode.ABORTED, 'the call was aborted'));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    await Promise.race([this.#assigned.promise, aborted.promise]).finally(() =>
      signal.removeEventListener('abort', onAbort),
    );
    return { options: { ...options, signal }, topics };
  }

  #join(topics: readonly string[]): void {
    if (this.#closing !== undefined) throw new KafkaError(ClientErrorCode.CLOSED, 'the consumer was closed');
    if (topics.length === 0) throw misuse('a consumer of a group reads topics: name at least one');
    if (this.#topics !== undefined && this.#topics.join() !== topics.join()) {
      throw misuse(`this consumer is in its group for ${this.#topics.join(', ')}: use another one for other topics`);
    }
    if (this.#membership !== undefined) return;
    this.#topics = topics;
    const options = this.#options;
    this.#membership = new ClassicMembership(
      this.#cluster,
      {
        groupId: options.group,
        groupInstanceId: options.groupInstanceId,
        topics,
        assignors: options.assignors ?? [rangeAssignor, roundRobinAssignor],
        sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
        rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 60_000,
        heartbeatIntervalMs: options.heartbeatIntervalMs ?? 3000,
        channel: `${this.#channel}-group`,
      },
      this.#host,
    );
    this.#membership.start();
    this.#scheduleCommit();
  }

  readonly #host: MembershipHost = {
    assigned: async (partitions, committer) => {
      const committed = partitions.length === 0 ? [] : await this.#committedOf(partitions, committer);
      this.#committer = committer;
      this.#committed.clear();
      for (const { topic, partition, offset } of committed) this.#committed.set(`${topic} ${partition}`, offset);
      await this.#inner.assign(
        partitions.map(({ topic, partition }) => ({
          topic,
          partition,
          offset: this.#committed.get(`${topic} ${partition}`),
        })),
      );
      this.#assigned.resolve();
    },
    revoked: async (reason) => {
      this.#inner.pause(this.#inner.assignment());
      // What the reader has in hand is done when it comes back for more.
      if (reason === 'revoked' && this.#closing === undefined) await this.#gate.back(this.#patienceMs);
      if (reason === 'revoked' && this.#options.autoCommitIntervalMs !== false)
        await this.commit().catch(() => undefined);
      // They stay as they are, at rest, until the next assignment takes their place.
      this.#committer = undefined;
    },
    failed: (error) => {
      this.#assigned.reject(error);
      this.#failed.abort(error);
    },
  };

  /** Others wait for this member meanwhile: half of what the group allows, and of the session. */
  get #patienceMs(): number {
    const { rebalanceTimeoutMs = 60_000, sessionTimeoutMs = 45_000 } = this.#options;
    return Math.min(rebalanceTimeoutMs, sessionTimeoutMs) / 2;
  }

  #committedOf(partitions: readonly TopicPartition[], committer: Committer) {
    return fetchOffsets(this.#cluster, this.#options.group, partitions, { committer });
  }

  #scheduleCommit(): void {
    const { autoCommitIntervalMs = AUTO_COMMIT_INTERVAL_MS } = this.#options;
    if (autoCommitIntervalMs === false) return;
    this.#commitTimer = this.#cluster.options.clock.setTimer(autoCommitIntervalMs, () => {
      // One that fails comes again; that the group went on alone is for the membership to find out.
      void this.commit()
        .catch(() => undefined)
        .then(() => {
          if (this.#closing === undefined && !this.#cluster.isClosed) this.#scheduleCommit();
        });
    });
  }

  /** Passes on what is read, and tells the gate when the reader is away with something. */
  async *#through<T>(source: AsyncGenerator<T, void, undefined>): AsyncGenerator<T, void, undefined> {
    try {
      for await (const one of source) {
        this.#gate.leave();
        yield one;
        this.#gate.return();
      }
    } catch (error) {
      throw this.#failed.signal.aborted ? this.#failed.signal.reason : error;
    } finally {
      this.#gate.return();
    }
  }
}

function misuse(message: string): KafkaError {
  return new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message);
}
