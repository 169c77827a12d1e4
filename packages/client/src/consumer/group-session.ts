import { ErrorCode } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { deferred } from '../deferred.ts';
import { type Committer, commitOffsets, fetchOffsets, type OffsetToCommit } from '../groups/group-offsets.ts';
import type { MembershipHost } from '../groups/membership.ts';
import { MembershipKeeper } from '../groups/membership-keeper.ts';
import { asKafkaError, ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { Timer } from '../ports/clock.ts';
import type { Assignment } from './consumer-options.ts';
import { GroupEvents } from './group-events.ts';
import type { GroupConsumerOptions } from './group-options.ts';
import { InHand } from './in-hand.ts';
import { NewPartitions } from './new-partitions.ts';
import type { HandOut, PartitionReader } from './partition-reader.ts';
import type { PartitionState } from './partition-state.ts';
import type { TopicSelection } from './read-arguments.ts';

const AUTO_COMMIT_INTERVAL_MS = 5000;
/** The group is about to have another generation or epoch for the member: a commit is good a moment later. */
const betweenGenerations: readonly number[] = [ErrorCode.REBALANCE_IN_PROGRESS, ErrorCode.STALE_MEMBER_EPOCH];

/** What a consumer and its group have of each other: the membership, the partitions, what is done and what is committed. */
export class GroupSession implements HandOut {
  readonly #cluster: Cluster;
  readonly #options: GroupConsumerOptions;
  readonly #reader: PartitionReader;
  readonly #keeper: MembershipKeeper;
  readonly #events: GroupEvents;
  readonly #newPartitions: NewPartitions;
  readonly #failed = new AbortController();
  readonly #assigned = deferred();
  readonly inHand: InHand;
  #topics: TopicSelection | undefined;
  #lone: PartitionState | undefined;
  #commitTimer: Timer | undefined;
  /** What the group has of this member. */
  readonly #committed = new Map<PartitionState, number>();
  #isClosing = false;
  #autoCommitIntervalMs: number | false;

  constructor(cluster: Cluster, options: GroupConsumerOptions, channel: string, reader: PartitionReader) {
    this.#cluster = cluster;
    this.#options = options;
    this.#reader = reader;
    this.#autoCommitIntervalMs = options.autoCommitIntervalMs ?? AUTO_COMMIT_INTERVAL_MS;
    this.inHand = new InHand(cluster.options.clock);
    this.#newPartitions = new NewPartitions(cluster);
    this.#events = new GroupEvents(cluster, channel, options.group);
    this.#keeper = new MembershipKeeper(cluster, options, `${channel}-group`, this.#host, this.inHand);
    // Whoever reads hears of it; without a reader nobody waits.
    this.#assigned.promise.catch(() => undefined);
  }

  /** Fires, with the error as its reason, when the membership is over. */
  get failure(): AbortSignal {
    return this.#failed.signal;
  }

  get group(): string {
    return this.#options.group;
  }

  get committer(): Committer | undefined {
    return this.#keeper.membership?.committer;
  }

  get commitsItself(): boolean {
    return this.#autoCommitIntervalMs !== false;
  }

  /** From here on nothing is committed but by `commit` and in transactions. */
  commitNothingItself(): void {
    this.#autoCommitIntervalMs = false;
    this.#commitTimer?.cancel();
  }

  /** Joins for these topics, and settles when the first partitions are there. */
  async join(topics: TopicSelection, signal: AbortSignal): Promise<void> {
    if (this.#isClosing) throw new KafkaError(ClientErrorCode.CLOSED, 'the consumer was closed');
    if (topics.isEmpty) throw misuse('a consumer of a group reads topics: name at least one');
    const before = this.#topics?.signature;
    if (before !== undefined && before !== topics.signature) {
      throw misuse(`this consumer is in its group for ${before}: use another one for other topics`);
    }
    if (this.#topics === undefined) {
      this.#topics = topics;
      this.#keeper.begin(topics);
      this.#scheduleCommit();
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason instanceof KafkaError ? signal.reason : aborted(signal));
      if (signal.aborted) onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#assigned.promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    });
  }

  left(state: PartitionState): void {
    this.#lone = state;
    this.inHand.leave(state);
  }

  returned(): Promise<void> | undefined {
    if (this.#lone !== undefined) this.inHand.back(this.#lone);
    this.#lone = undefined;
    return this.settled();
  }

  /** Something is done. A promise: before there is more the group must be heard, or what is done must be committed. */
  settled(): Promise<void> | undefined {
    const waiting = this.#keeper.returned();
    if (this.#autoCommitIntervalMs !== 0) return waiting;
    return (waiting ?? Promise.resolve()).then(() => this.commit());
  }

  /** Commits what is done, or the given offsets. */
  async commit(offsets?: readonly OffsetToCommit[], signal?: AbortSignal): Promise<void> {
    const { clock, retryTimeoutMs } = this.#cluster.options;
    const deadlineMs = clock.monotonicMs() + retryTimeoutMs;
    for (;;) {
      try {
        await this.#commitOnce(offsets, signal);
        return;
      } catch (error) {
        const isPassing = betweenGenerations.includes(asKafkaError(error).code);
        if (!isPassing || clock.monotonicMs() > deadlineMs) throw error;
        await this.#cluster.pause(this.#cluster.options.retry.initialMs, signal);
      }
    }
  }

  /** What is done of each partition that is assigned. */
  done(): readonly (TopicPartition & { readonly offset: number })[] {
    return this.#reader.states.map(({ topic, partition, doneOffset: offset }) => ({ topic, partition, offset }));
  }

  /** What a transaction commits, and in whose name. Throws UNKNOWN_MEMBER_ID where the group has this consumer no more. */
  offsetsForTransaction() {
    const { committer } = this;
    if (committer === undefined) throw notMember();
    return { group: this.#options.group, committer, offsets: this.done() };
  }

  /** What the group has committed for partitions; for all that are assigned where none are given. */
  committed(partitions: readonly TopicPartition[] | undefined, signal?: AbortSignal) {
    const of = partitions ?? this.#reader.states.map(({ topic, partition }) => ({ topic, partition }));
    const { committer } = this;
    return of.length === 0
      ? Promise.resolve([])
      : fetchOffsets(this.#cluster, this.#options.group, of, { committer, signal });
  }

  /** Goes back to what the group has committed, in partitions that are assigned. */
  async rewind(signal?: AbortSignal): Promise<void> {
    const { states } = this.#reader;
    const committed = await this.committed(undefined, signal);
    const offsets = new Map(committed.map((one) => [`${one.topic} ${one.partition}`, one.offset]));
    for (const state of states) {
      // Without a commit it is where the partition began, and not what the options would say now.
      state.seek(offsets.get(`${state.topic} ${state.partition}`) ?? state.startOffset);
    }
    this.#reader.wake();
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    this.inHand.release();
    await this.#keeper.end();
    this.#commitTimer?.cancel();
    // A reading that still waits for partitions ends as one that has some: quietly.
    this.#assigned.resolve();
  }

  readonly #host: MembershipHost = {
    assigned: async (partitions) => {
      const places = await this.#startOf(partitions);
      await this.#reader.add(places.map((place) => ({ ...place })));
      this.#events.rebalanced('assigned', partitions);
      const added = this.#statesOf(partitions);
      if (partitions.length > 0 && this.#options.onAssigned !== undefined) {
        this.#pause(added, true);
        const offsets = added.map(({ topic, partition, position: offset }) => ({ topic, partition, offset }));
        await this.#tell(() => this.#options.onAssigned?.(offsets));
        this.#pause(added, false);
      }
      this.#assigned.resolve();
    },
    revoked: async (partitions, reason) => {
      const states = this.#statesOf(partitions);
      this.#pause(states, true);
      if (reason === 'revoked') await this.#finish(states);
      const told = states.map(({ topic, partition }) => ({ topic, partition }));
      this.#events.rebalanced(reason, told);
      if (told.length > 0) {
        await this.#tell(() => (reason === 'lost' ? this.#options.onLost?.(told) : this.#options.onRevoked?.(told)));
      }
      if (reason === 'revoked' && this.commitsItself) {
        await this.#commitOnce().catch(() => undefined);
      }
      this.#reader.remove(states);
      for (const state of states) this.#committed.delete(state);
    },
    failed: (error) => {
      this.#assigned.reject(error);
      this.#failed.abort(error);
    },
  };

  /** What the reader has in hand is done when it comes back for more. */
  async #finish(states: readonly PartitionState[]): Promise<void> {
    if (!this.#isClosing) await this.inHand.returned(states, this.patienceMs);
  }

  #pause(states: readonly PartitionState[], isPaused: boolean): void {
    for (const state of states) state.isPaused = isPaused;
    this.#reader.wake();
  }

  /** Calls back; what is thrown ends the membership. */
  async #tell(call: () => void | Promise<void> | undefined): Promise<void> {
    try {
      await call();
    } catch (error) {
      this.#host.failed(asKafkaError(error));
    }
  }

  #statesOf(partitions: readonly TopicPartition[]): PartitionState[] {
    const keys = new Set(partitions.map(({ topic, partition }) => `${topic} ${partition}`));
    return this.#reader.states.filter(({ topic, partition }) => keys.has(`${topic} ${partition}`));
  }

  /** Where partitions begin: at what is committed, else where the options say. */
  async #startOf(partitions: readonly TopicPartition[], signal?: AbortSignal): Promise<Assignment[]> {
    const committed = await this.committed(partitions, signal);
    const offsets = new Map(committed.map((one) => [`${one.topic} ${one.partition}`, one.offset]));
    return partitions.map(({ topic, partition }) => {
      const fallback = this.#newPartitions.isNew(topic, partition) ? ('beginning' as const) : undefined;
      return { topic, partition, offset: offsets.get(`${topic} ${partition}`) ?? fallback };
    });
  }

  async #commitOnce(given?: readonly OffsetToCommit[], signal?: AbortSignal): Promise<void> {
    const { committer } = this;
    const { group } = this.#options;
    if (given !== undefined) {
      if (committer === undefined) throw notMember();
      return this.#events.committing(given, commitOffsets(this.#cluster, group, given, { committer, signal }));
    }
    const moved = this.#reader.states
      .map((state) => ({ state, offset: state.doneOffset }))
      .filter(({ state, offset }) => this.#committed.get(state) !== offset);
    if (moved.length === 0) return;
    if (committer === undefined) throw notMember();
    const offsets = moved.map(({ state, offset }) => ({ topic: state.topic, partition: state.partition, offset }));
    await this.#events.committing(offsets, commitOffsets(this.#cluster, group, offsets, { committer, signal }));
    for (const { state, offset } of moved) this.#committed.set(state, offset);
  }

  /** Others wait for this member meanwhile: half of what the group allows, and of the session. */
  get patienceMs(): number {
    const { rebalanceTimeoutMs = 60_000, sessionTimeoutMs = 45_000 } = this.#options;
    return Math.min(rebalanceTimeoutMs, sessionTimeoutMs) / 2;
  }

  #scheduleCommit(): void {
    const intervalMs = this.#autoCommitIntervalMs;
    if (intervalMs === false || intervalMs === 0) return;
    this.#commitTimer = this.#cluster.options.clock.setTimer(intervalMs, () => {
      // One that fails comes again; that the group went on alone is for the membership to find out.
      void this.#commitOnce()
        .catch(() => undefined)
        .then(() => {
          if (!this.#isClosing && !this.#cluster.isClosed) this.#scheduleCommit();
        });
    });
  }
}

function aborted(signal: AbortSignal): KafkaError {
  return new KafkaError(ClientErrorCode.ABORTED, 'the call was aborted', { cause: signal.reason });
}

function notMember(): KafkaError {
  const message =
    'the group has this consumer as a member no more: what it did since its last commit will be done again';
  return new KafkaError(ErrorCode.UNKNOWN_MEMBER_ID, message);
}

function misuse(message: string): KafkaError {
  return new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message);
}
