import { ErrorCode, Fetch, type RequestInput, type ResponseOf } from '@ks/protocol';
import {
  type FollowerPosition,
  FollowerSession,
  keyOf,
  type SessionStep,
} from '../core/fetch-session/follower-session.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { type BrokerChannels, ChannelError } from './broker-channels.ts';
import type { FollowedPartition } from './followed-partition.ts';
import type { HostedReplica } from './hosted-replica.ts';
import type { ReplicationThrottle } from './replication-throttle.ts';

/** Limits of replication fetches, under Kafka's names. */
export interface ReplicaFetchLimits {
  /** num.replica.fetchers */
  readonly lanesPerLeader: number;
  /** replica.fetch.wait.max.ms */
  readonly waitMaxMs: number;
  /** replica.fetch.min.bytes */
  readonly minBytes: number;
  /** replica.fetch.max.bytes: of one partition. */
  readonly partitionMaxBytes: number;
  /** replica.fetch.response.max.bytes */
  readonly responseMaxBytes: number;
  /** replica.fetch.backoff.ms: the longest pause after a failure. */
  readonly backoffMs: number;
  /** replica.socket.timeout.ms: how long an answer may take beyond the wait. */
  readonly timeoutMs: number;
}

export interface FetcherLaneOptions {
  /** This broker. */
  readonly brokerId: number;
  /** Its incarnation; undefined while it has none. */
  readonly brokerEpoch: () => number | undefined;
  readonly leaderId: number;
  /** Names the connection. */
  readonly lane: string;
  readonly channels: BrokerChannels;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: ReplicaFetchLimits;
  readonly throttle: ReplicationThrottle;
  /** Whether the topic names this broker's replica for throttling. */
  readonly isThrottled: (replica: HostedReplica) => boolean;
}

/** The first pause after a failure; each further one is twice as long. */
const FIRST_PAUSE_MS = 20;
/** What an answer may hold beyond its limit: one batch that is larger, and everything around the records. */
const OVERSIZE_BYTES_MAX = 104_857_600;

/** Fetches from one leader, one request after the other, for the partitions that follow it. Runs while there are any. */
export class FetcherLane {
  readonly #options: FetcherLaneOptions;
  /** By `topic id/partition`. */
  readonly #followed = new Map<string, FollowedPartition>();
  readonly #session = new FollowerSession();
  #failures = 0;
  #giveUp: AbortController | undefined;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;
  #wake: (() => void) | undefined;

  constructor(options: FetcherLaneOptions) {
    this.#options = options;
  }

  /** How many partitions it fetches. */
  get size(): number {
    return this.#followed.size;
  }

  follow(partition: FollowedPartition): void {
    this.#followed.set(partition.key, partition);
    this.#wake?.();
    if (this.#isRunning) return;
    this.#isRunning = true;
    // All partitions of an image go into the first request.
    this.#running = new Promise((resolve) => {
      this.#options.clock.nextTurn(() => void this.#run().finally(resolve));
    });
  }

  drop(replica: HostedReplica): void {
    const key = keyOf(replica);
    if (this.#followed.get(key)?.replica === replica) this.#followed.delete(key);
    if (this.#followed.size > 0) return;
    this.#giveUp?.abort();
    this.#wake?.();
  }

  /** Drops everything; settles when nothing is under way. */
  async stop(): Promise<void> {
    this.#followed.clear();
    this.#giveUp?.abort();
    this.#wake?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#followed.size > 0) await this.#round();
    } finally {
      this.#session.reset();
      this.#isRunning = false;
    }
  }

  async #round(): Promise<void> {
    const { clock, brokerEpoch } = this.#options;
    const epoch = brokerEpoch();
    const nowMs = clock.monotonicMs();
    // Of ten thousand partitions nearly all are as they were: what is done for each of them here is all that they cost.
    const positions: FollowerPosition[] = [];
    const isExceeded = this.#options.throttle.isExceeded();
    let isHeldBack = false;
    for (const partition of this.#followed.values()) {
      if (!partition.isDue(nowMs)) continue;
      if (isExceeded && this.#waits(partition.replica)) isHeldBack = true;
      else positions.push(partition.position);
    }
    if (positions.length === 0 || epoch === undefined) return this.#pause(this.#nextDueMs(nowMs, isHeldBack));
    const step = this.#session.next(positions);
    const response = await this.#send(step, epoch);
    if (response === undefined) return this.#pause(this.#pauseMs());
    this.#failures = 0;
    const work: Promise<void>[] = [];
    for (const { topicId, partitions } of response.responses) {
      for (const answer of partitions) {
        const key = keyOf({ topicId, partitionIndex: answer.partitionIndex });
        const partition = this.#followed.get(key);
        const asked = this.#session.askedFor(key);
        // Who follows in another epoch meanwhile asks for itself.
        if (partition === undefined || asked?.currentLeaderEpoch !== partition.leaderEpoch) continue;
        this.#count(partition.replica, answer.records?.length ?? 0);
        const running = partition.take(answer, asked, clock.monotonicMs());
        if (running !== undefined) work.push(running);
      }
    }
    this.#session.answered(response.sessionId);
    // What is asked for next says what this replica has: it has to be written first.
    await Promise.all(work);
  }

  /** The answer; undefined where there is none, or none that can be used. */
  async #send(step: SessionStep, brokerEpoch: number): Promise<ResponseOf<typeof Fetch> | undefined> {
    const { channels, leaderId, lane, limits, logger } = this.#options;
    const giveUp = new AbortController();
    this.#giveUp = giveUp;
    try {
      const response = await channels.send(leaderId, lane, Fetch, this.#request(step, brokerEpoch), {
        timeoutMs: limits.waitMaxMs + limits.timeoutMs,
        signal: giveUp.signal,
        responseBytesMax: limits.responseMaxBytes + OVERSIZE_BYTES_MAX,
      });
      if (response.errorCode === ErrorCode.NONE) return response;
      logger.debug({ leaderId, errorCode: response.errorCode }, 'A fetch session is begun anew');
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      logger.debug({ leaderId, error: error.message }, 'A leader could not be fetched from');
    }
    this.#session.reset();
    return undefined;
  }

  #request(step: SessionStep, brokerEpoch: number): RequestInput<typeof Fetch> {
    const { brokerId, limits } = this.#options;
    return {
      replicaState: { replicaId: brokerId, replicaEpoch: brokerEpoch },
      maxWaitMs: limits.waitMaxMs,
      minBytes: limits.minBytes,
      maxBytes: limits.responseMaxBytes,
      isolationLevel: 0,
      sessionId: step.sessionId,
      sessionEpoch: step.sessionEpoch,
      topics: byTopic(
        step.positions,
        ({ partitionIndex: partition, topic: _topic, topicId: _id, key: _key, ...at }) => ({
          partition,
          ...at,
        }),
      ),
      forgottenTopicsData: byTopic(step.forgotten, ({ partitionIndex }) => partitionIndex),
    };
  }

  /** Throttled replicas wait while the rate is exceeded; those in sync do not: they keep acks=all going (KIP-73). */
  #waits(replica: HostedReplica): boolean {
    return this.#options.isThrottled(replica) && !replica.isr.includes(this.#options.brokerId);
  }

  #count(replica: HostedReplica, bytes: number): void {
    const { throttle, isThrottled } = this.#options;
    if (bytes > 0 && throttle.isOn && isThrottled(replica)) throttle.record(bytes);
  }

  #nextDueMs(nowMs: number, isHeldBack: boolean): number {
    const { limits, throttle } = this.#options;
    // Never longer than a failure is waited for: the rate may be raised at any time.
    if (isHeldBack) return Math.max(1, Math.min(limits.backoffMs, throttle.waitMs()));
    let earliest = nowMs + limits.backoffMs;
    for (const { dueMs } of this.#followed.values()) earliest = Math.min(earliest, Math.max(dueMs, nowMs + 1));
    return earliest - nowMs;
  }

  #pauseMs(): number {
    const pauseMs = Math.min(this.#options.limits.backoffMs, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    return pauseMs;
  }

  /** Waits, but no longer than until something changes. */
  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#followed.size === 0) return resolve();
      let timer: Timer | undefined;
      this.#wake = () => {
        this.#wake = undefined;
        timer?.cancel();
        resolve();
      };
      timer = this.#options.clock.setTimer(delayMs, this.#wake);
    });
  }
}

/** Positions of one topic together, as requests have them. */
function byTopic<Item>(positions: readonly FollowerPosition[], itemOf: (position: FollowerPosition) => Item) {
  const topics = new Map<string, { topic: string; topicId: string; partitions: Item[] }>();
  for (const position of positions) {
    const { topic, topicId } = position;
    let found = topics.get(topicId);
    if (found === undefined) {
      found = { topic, topicId, partitions: [] };
      topics.set(topicId, found);
    }
    found.partitions.push(itemOf(position));
  }
  return [...topics.values()];
}
