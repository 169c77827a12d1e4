import { ErrorCode, Fetch } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { asKafkaError, isMetadataStale, KafkaError } from '../kafka-error.ts';
import type { PartitionView } from '../metadata/cluster-view.ts';
import { type IsolationLevel, listOffsets } from '../offsets/list-offsets.ts';
import type { Timer } from '../ports/clock.ts';
import { backoffMs } from '../retry-policy.ts';
import {
  buildFetchRequest,
  type FetchedPartition,
  type FetchOutcome,
  fetchOutcomes,
  leaderHints,
} from './fetch-request.ts';
import { FetchSessions } from './fetch-sessions.ts';
import type { FetchSettings } from './fetch-settings.ts';
import { agreedEnd, isUnchecked, truncated } from './position-check.ts';
import type { BufferedBatch, PartitionState } from './partition-state.ts';

export interface FetcherOptions extends FetchSettings {
  /** The channel of connections that no one else waits on. */
  readonly channel: string;
  readonly group: string | undefined;
  readonly isolationLevel: () => IsolationLevel;
  /** Called when there may be something new for the reader. */
  readonly changed: () => void;
}

/** Batches of magic 2 came with this version; topics go by id from that on. */
const RECORD_BATCHES_SINCE = 4;
const TOPIC_IDS_SINCE = 13;
const NO_SESSION = { sessionId: 0, sessionEpoch: -1, forgotten: [] };

/** The broker does not know the session, or not as it is here. */
const sessionCodes: readonly number[] = [
  ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
  ErrorCode.INVALID_FETCH_SESSION_EPOCH,
  ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
];

/**
 * Keeps partitions' buffers filled: one long poll under way at each leader, as long as it runs and buffers have room. It never
 * fails itself: what the reader must know stands in the partition's state.
 */
export class Fetcher {
  readonly #cluster: Cluster;
  readonly #options: FetcherOptions;
  readonly #states: () => Iterable<PartitionState>;
  readonly #polling = new Set<number>();
  readonly #sessions = new FetchSessions();
  /** Told by brokers to wait until then, monotonic. */
  readonly #throttledUntilMs = new Map<number, number>();
  #isRunning = false;
  #isTurnPending = false;
  #timer: Timer | undefined;

  /** `states` gives the partitions that the reader wants now. */
  constructor(cluster: Cluster, options: FetcherOptions, states: () => Iterable<PartitionState>) {
    this.#cluster = cluster;
    this.#options = options;
    this.#states = states;
  }

  start(): void {
    this.#isRunning = true;
    this.wake();
  }

  /** No new polls; one under way still delivers into the buffers. */
  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** No fetches ever again. Settles when brokers were told, as far as that is possible. */
  close(): Promise<void> {
    this.stop();
    return this.#sessions.close(this.#cluster);
  }

  /** Something changed: buffers have room, partitions came or moved. */
  wake(): void {
    if (!this.#isRunning || this.#isTurnPending) return;
    this.#isTurnPending = true;
    this.#clock.nextTurn(() => {
      this.#isTurnPending = false;
      if (this.#isRunning) this.#pump();
    });
  }

  get #clock() {
    return this.#cluster.options.clock;
  }

  #pump(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    let roomBytes = this.#options.prefetchBytes;
    let wakeAtMs = Number.POSITIVE_INFINITY;
    const polls = new Map<number, FetchedPartition[]>();
    for (const state of this.#states()) {
      roomBytes -= state.bufferedBytes;
      if (state.isPaused || state.isBusy || state.failure !== undefined) continue;
      if (state.bufferedBytes >= this.#options.partitionMaxBytes) continue;
      if (state.retryAtMs > nowMs) {
        wakeAtMs = Math.min(wakeAtMs, state.retryAtMs);
        continue;
      }
      this.#ask(state, polls);
    }
    for (const [leaderId, asked] of polls) {
      const throttledUntilMs = this.#throttledUntilMs.get(leaderId) ?? 0;
      if (throttledUntilMs > nowMs) wakeAtMs = Math.min(wakeAtMs, throttledUntilMs);
      else if (roomBytes > 0 && !this.#polling.has(leaderId)) void this.#poll(leaderId, asked, roomBytes);
    }
    if (wakeAtMs !== Number.POSITIVE_INFINITY) this.#timer = this.#clock.setTimer(wakeAtMs - nowMs, () => this.wake());
  }

  #ask(state: PartitionState, polls: Map<number, FetchedPartition[]>): void {
    const topic = this.#cluster.knownTopic(state.topic);
    const view = topic?.partitions[state.partition];
    if (view === undefined || view.leaderId < 0) {
      const code = this.#cluster.view.topicErrors.get(state.topic) ?? ErrorCode.LEADER_NOT_AVAILABLE;
      this.#failed(
        state,
        new KafkaError(code, `${state.topic}-${state.partition} has no leader`, { ...placeOf(state), retriable: true }),
      );
      return;
    }
    if (isUnchecked(state, view)) {
      void this.#check(state, view);
      return;
    }
    const asked = {
      state,
      generation: state.generation,
      fetchOffset: state.fetchOffset,
      topicId: topic?.topicId,
      view,
    };
    const nodeId = this.#preferredReplicaOf(state) ?? view.leaderId;
    const others = polls.get(nodeId);
    if (others === undefined) polls.set(nodeId, [asked]);
    else others.push(asked);
  }

  /** Before anything is read at a new leader: has it what was read before? Never rejects. */
  async #check(state: PartitionState, view: PartitionView): Promise<void> {
    const { generation } = state;
    state.isBusy = true;
    try {
      const end = await agreedEnd(this.#cluster, state, view);
      if (state.generation === generation) this.#agreed(state, view, end);
    } catch (error) {
      if (state.generation === generation) this.#failed(state, asKafkaError(error));
    } finally {
      state.isBusy = false;
      this.wake();
    }
  }

  #agreed(state: PartitionState, view: PartitionView, end: number): void {
    state.failures = 0;
    if (end >= state.fetchOffset) state.checkedEpoch = view.leaderEpoch;
    // What was fetched and not handed out yet is fetched anew, and nobody has to know.
    else if (end >= state.position) state.cut(end);
    else if (this.#options.outOfRange === 'error') {
      state.failure = truncated(state, end);
      this.#options.changed();
    } else if (end < 0) this.#outOfRange(state);
    else {
      state.seek(end);
      this.#options.changed();
    }
  }

  #preferredReplicaOf(state: PartitionState): number | undefined {
    const { preferredReplica } = state;
    if (preferredReplica === undefined) return undefined;
    const isGood =
      preferredReplica.untilMs > this.#clock.monotonicMs() && this.#cluster.view.brokers.has(preferredReplica.nodeId);
    if (!isGood) state.preferredReplica = undefined;
    return isGood ? preferredReplica.nodeId : undefined;
  }

  /** One long poll; never rejects. */
  async #poll(leaderId: number, asked: readonly FetchedPartition[], roomBytes: number): Promise<void> {
    this.#polling.add(leaderId);
    for (const { state } of asked) state.isBusy = true;
    try {
      for (const outcome of await this.#fetch(leaderId, asked, roomBytes)) this.#take(outcome);
    } catch (error) {
      const failure = asKafkaError(error);
      this.#sessions.reset(leaderId);
      if (!sessionCodes.includes(failure.code)) {
        for (const one of asked) if (isCurrent(one)) this.#failed(one.state, failure);
      }
    } finally {
      this.#polling.delete(leaderId);
      for (const { state } of asked) state.isBusy = false;
      this.#options.changed();
      this.wake();
    }
  }

  async #fetch(leaderId: number, asked: readonly FetchedPartition[], roomBytes: number): Promise<FetchOutcome[]> {
    const { channel, maxWaitMs, maxBytes } = this.#options;
    const isolationLevel = this.#options.isolationLevel();
    const broker = await this.#cluster.connectionTo(leaderId, channel);
    const hasIds = asked.every(({ topicId }) => topicId !== undefined);
    const version = broker.versions.pick(Fetch, RECORD_BATCHES_SINCE, hasIds ? undefined : TOPIC_IDS_SINCE - 1);
    const session = this.#sessions.at(leaderId, version);
    const limits = { ...this.#options, isolationLevel, maxBytes: Math.min(maxBytes, roomBytes) };
    const body = buildFetchRequest(session?.next(asked) ?? { ...NO_SESSION, named: asked }, limits);
    const timeoutMs = maxWaitMs + this.#cluster.options.requestTimeoutMs;
    const response = await broker.connection.request(Fetch, version, body, { timeoutMs });
    if (response.throttleTimeMs > 0) {
      this.#throttledUntilMs.set(leaderId, this.#clock.monotonicMs() + response.throttleTimeMs);
    }
    if (response.errorCode !== ErrorCode.NONE) {
      throw new KafkaError(response.errorCode, `${broker.label} refused a fetch`, { broker: broker.label });
    }
    session?.answered(response.sessionId);
    this.#cluster.learnLeaders(leaderHints(response, asked), response.nodeEndpoints);
    return fetchOutcomes(response, asked, isolationLevel, broker.label);
  }

  #take(outcome: FetchOutcome): void {
    // Not what a seek has since left behind.
    if (!isCurrent(outcome.asked)) return;
    const { state } = outcome.asked;
    if (outcome.error !== undefined) {
      if (state.preferredReplica !== undefined) {
        // Whatever is wrong there, the leader knows better.
        const { code, message } = outcome.error;
        this.#failed(state, new KafkaError(code, message, { ...outcome.error, retriable: true }));
        return;
      }
      if (outcome.error.code === ErrorCode.OFFSET_OUT_OF_RANGE) this.#outOfRange(state);
      else this.#failed(state, outcome.error, outcome.asked);
      return;
    }
    state.failures = 0;
    state.checkedEpoch = outcome.asked.view.leaderEpoch;
    if (outcome.preferredReadReplica >= 0) {
      const untilMs = this.#clock.monotonicMs() + this.#cluster.options.metadataMaxAgeMs;
      state.preferredReplica = { nodeId: outcome.preferredReadReplica, untilMs };
    }
    state.highWatermark = outcome.highWatermark;
    state.lastStableOffset = outcome.lastStableOffset;
    state.logStartOffset = outcome.logStartOffset;
    state.add(outcome.batches);
    if (this.#cluster.diagnostics.fetch.hasSubscribers && outcome.batches.length > 0) {
      this.#tell(state, outcome.batches);
    }
  }

  #tell({ topic, partition }: PartitionState, batches: readonly BufferedBatch[]): void {
    const { channel: consumer, group } = this.#options;
    this.#cluster.diagnostics.fetch.publish({
      clientId: this.#cluster.options.clientId,
      consumer,
      group,
      topic,
      partition,
      batches: batches.length,
      records: batches.reduce((sum, { batch, isHidden }) => sum + (isHidden ? 0 : batch.recordsCount), 0),
      bytes: batches.reduce((sum, { batch }) => sum + batch.sizeBytes, 0),
    });
  }

  #failed(state: PartitionState, error: KafkaError, asked?: FetchedPartition): void {
    state.failures += 1;
    state.preferredReplica = undefined;
    const { retry, random, unknownTopicAttempts } = this.#cluster.options;
    const isGone = error.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION && state.failures >= unknownTopicAttempts;
    if (!error.retriable || isGone) {
      state.failure = error;
      this.#options.changed();
      return;
    }
    // Told who leads now there is nothing to wait for, the first time.
    const isTold = state.failures === 1 && asked !== undefined && this.#isNewer(state, asked.view);
    const waitMs = isTold ? 0 : backoffMs(retry, state.failures, random);
    state.retryAtMs = this.#clock.monotonicMs() + waitMs;
    this.#cluster.tellRetry('fetch', state, state.failures, waitMs, error);
    if (isTold || !isMetadataStale(error.code)) return;
    this.#cluster.refresh([state.topic]).then(
      () => this.wake(),
      () => this.wake(),
    );
  }

  #isNewer({ topic, partition }: PartitionState, than: PartitionView): boolean {
    const now = this.#cluster.view.topics.get(topic)?.partitions[partition];
    return now !== undefined && now.leaderEpoch > than.leaderEpoch;
  }

  /** The position is not in the log: it was deleted, or the log was cut. */
  #outOfRange(state: PartitionState): void {
    const { outOfRange } = this.#options;
    const isolationLevel = this.#options.isolationLevel();
    const { topic, partition, fetchOffset, generation } = state;
    if (outOfRange === 'error') {
      const message = `offset ${fetchOffset} of ${topic}-${partition} is not in its log: seek to 'beginning' or 'end', or set outOfRange`;
      state.failure = new KafkaError(ErrorCode.OFFSET_OUT_OF_RANGE, message, placeOf(state));
      this.#options.changed();
      return;
    }
    // Behind what is buffered the reader has still to come by.
    state.retryAtMs = Number.POSITIVE_INFINITY;
    listOffsets(this.#cluster, [{ topic, partition, at: outOfRange }], { isolationLevel }).then(
      ([listed]) => {
        if (state.generation === generation && listed !== undefined) this.#moveTo(state, listed.offset);
      },
      (error: unknown) => {
        if (state.generation !== generation) return;
        state.retryAtMs = 0;
        this.#failed(state, asKafkaError(error));
      },
    );
  }

  #moveTo(state: PartitionState, offset: number): void {
    if (state.buffered.length === 0) state.seek(offset);
    else state.fetchOffset = offset;
    state.retryAtMs = 0;
    this.#options.changed();
    this.wake();
  }
}

function isCurrent(asked: FetchedPartition): boolean {
  return asked.state.generation === asked.generation;
}

function placeOf(state: PartitionState) {
  return { topic: state.topic, partition: state.partition, offset: state.fetchOffset };
}
