import { ErrorCode } from '@ks/protocol';
import type { FollowerFetch } from '../core/partition/followers.ts';
import type { Clock } from '../ports/clock.ts';
import {
  type FetchTarget,
  epochFault,
  fetchedResult,
  isWatermarkNews,
  lacksWatermark,
  positionFault,
  readableEnd,
  refusedFetch,
  releaseFetch,
} from './fetch-target.ts';
import { type Counted, FetchWait } from './fetch-wait.ts';
import type { HostedReplica } from './hosted-replica.ts';
import type { LeaderThrottle } from './leader-throttle.ts';
import { nearestReplica } from './nearest-replica.ts';
import type { Purgatory } from './purgatory.ts';
import type { FetchPartition, FetchRequest, FetchResult, StandingReader } from './replica-manager.ts';
import type { ReplicaRegistry } from './replica-registry.ts';
import type { StandingWaits } from './standing-waits.ts';

export interface FetchPathOptions {
  readonly registry: ReplicaRegistry;
  readonly purgatory: Purgatory<HostedReplica>;
  /** Where sessions of followers wait. */
  readonly standing: StandingWaits;
  readonly clock: Clock;
  /** For how long a follower that has everything may be left unlooked at: well below replica.lag.time.max.ms. */
  readonly quietMs: number;
  /** fetch.max.bytes: most a response may hold, its first batch excepted. */
  readonly fetchMaxBytes: number;
  /** replica.selector.class is the rack-aware one: consumers are sent to replicas in their rack. */
  readonly selectsByRack?: boolean;
  readonly throttle: LeaderThrottle;
}

/** What could be read of one request at one time. */
interface Round {
  /** In request order. */
  readonly results: readonly FetchResult[];
  /** Of the partitions that more may be read from. */
  readonly counted: readonly Counted[];
  readonly sizeBytes: number;
  /** An error or a divergence is told at once. */
  readonly isUrgent: boolean;
}

/** READ_COMMITTED as the protocol counts isolation levels. */
const READ_COMMITTED = 1;

/** The way of records out: read up to the high watermark or the last stable offset, or wait until there are enough. */
export class FetchPath {
  readonly #options: FetchPathOptions;
  /** Where the next request begins reading, so that a full response does not always starve the same partitions. */
  #turn = 0;

  constructor(options: FetchPathOptions) {
    this.#options = options;
  }

  async fetch(request: FetchRequest): Promise<readonly FetchResult[]> {
    const deadlineMs = this.#options.clock.monotonicMs() + Math.max(0, request.maxWaitMs);
    const maxBytes = Math.min(request.maxBytes, this.#options.fetchMaxBytes);
    const minBytes = Math.min(request.minBytes, maxBytes);
    const first = await this.#read(request, maxBytes);
    const isEnough = first.isUrgent || first.sizeBytes >= minBytes || request.partitions.length === 0;
    if (isEnough || request.maxWaitMs <= 0) return given(first);
    // What is waited for is counted; the records themselves are read when there are enough.
    releaseFetch(first.results);
    await this.#park(new FetchWait(first.counted, minBytes, this.#options.selectsByRack), deadlineMs, request.signal);
    if (request.signal.aborted)
      return request.partitions.map((asked) => refusedFetch(asked, ErrorCode.NETWORK_EXCEPTION));
    return given(await this.#read(request, maxBytes));
  }

  /**
   * For a replica that reads very many partitions of which few have anything new: what its last answers hold for is not looked at, and
   * waiting costs nothing by partition.
   */
  async fetchStanding(base: Omit<FetchRequest, 'partitions'>, reader: StandingReader): Promise<readonly FetchResult[]> {
    const { clock, standing } = this.#options;
    const deadlineMs = clock.monotonicMs() + Math.max(0, base.maxWaitMs);
    const maxBytes = Math.min(base.maxBytes, this.#options.fetchMaxBytes);
    const due = reader.due();
    if (due === undefined) return [];
    const first = await this.#read({ ...base, partitions: due.partitions }, maxBytes);
    if (due.isUrgent || first.isUrgent || first.sizeBytes > 0 || base.maxWaitMs <= 0) return given(first);
    const nowMs = clock.monotonicMs();
    if (first.results.every((result) => result.stillHolds?.(nowMs)) && !reader.hasTurned()) {
      const isNews = (replica: HostedReplica): boolean => {
        const asked = reader.positionOf(replica);
        return asked !== undefined && this.#isNews(replica, asked, base.replicaId);
      };
      await standing.wait(isNews, deadlineMs, base.signal);
    }
    const news = reader.due();
    if (news === undefined || base.signal.aborted) return [];
    return given(await this.#read({ ...base, partitions: news.partitions }, maxBytes));
  }

  /** Whether a replica that had everything is to be told something at once. */
  #isNews(replica: HostedReplica, asked: FetchPartition, replicaId: number): boolean {
    if (replica.refusal !== ErrorCode.NONE) return true;
    if (epochFault(asked.currentLeaderEpoch, replica.leaderEpoch) !== ErrorCode.NONE) return true;
    if (replica.vouchedEndOffset > asked.fetchOffset) return !this.#options.throttle.mustWait(replica, replicaId);
    return this.#options.selectsByRack === true && isWatermarkNews(asked, replica);
  }

  async #park(wait: FetchWait, deadlineMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || wait.isDoneNow()) return;
    const gone = (): void => this.#options.purgatory.finish(wait);
    signal.addEventListener('abort', gone);
    this.#options.purgatory.park(wait, deadlineMs);
    await wait.over;
    signal.removeEventListener('abort', gone);
  }

  async #read(request: FetchRequest, maxBytes: number): Promise<Round> {
    const { partitions } = request;
    const results: FetchResult[] = new Array(partitions.length);
    const counted: Counted[] = [];
    let sizeBytes = 0;
    let isUrgent = false;
    const from = request.keepsOrder ? 0 : this.#turn++ % Math.max(1, partitions.length);
    for (let step = 0; step < partitions.length; step++) {
      const index = (from + step) % partitions.length;
      const asked = partitions[index] as FetchPartition;
      const target = this.#targetOf(asked, request);
      let result: FetchResult;
      if ('errorCode' in target) result = target;
      else {
        const reading = this.#readOne(target, request, maxBytes - sizeBytes, sizeBytes === 0);
        result = reading instanceof Promise ? await reading : reading;
        if (target.isReplica) this.#options.throttle.count(target.replica, result.sizeBytes);
        if (this.#options.selectsByRack && lacksWatermark(target)) isUrgent = true;
        // What has to wait for its rate does not make up what the request waits for.
        const isHeldBack = target.isReplica && this.#options.throttle.mustWait(target.replica, request.replicaId);
        if (result.sizeBytes > 0 || !isHeldBack) {
          counted.push({ target, nextOffset: result.nextOffset, sizeBytes: result.sizeBytes });
        }
      }
      results[index] = result;
      sizeBytes += result.sizeBytes;
      if (result.errorCode !== ErrorCode.NONE || result.divergingEpoch !== undefined) isUrgent = true;
      if (result.preferredReadReplica >= 0) isUrgent = true;
    }
    return { results, counted, sizeBytes, isUrgent };
  }

  #targetOf(asked: FetchPartition, request: FetchRequest): FetchTarget | FetchResult {
    const isFollowerWelcome = request.replicaId < 0 && request.rackId !== undefined;
    const located = this.#options.registry.locateLeader(asked, isFollowerWelcome);
    if (located.refusal !== undefined) {
      const { errorCode, currentLeader } = located.refusal;
      return refusedFetch(asked, errorCode, { currentLeader });
    }
    const { replica } = located;
    const fault = epochFault(asked.currentLeaderEpoch, replica.leaderEpoch);
    if (fault !== ErrorCode.NONE) return refusedFetch(asked, fault, { currentLeader: replica.currentLeader });
    const isReplica = request.replicaId >= 0;
    const stranger = isReplica ? fetcherFault(asked, replica, request) : ErrorCode.NONE;
    if (stranger !== ErrorCode.NONE) return refusedFetch(asked, stranger);
    const isCommittedOnly = !isReplica && request.isolationLevel === READ_COMMITTED;
    return { asked, replica, leaderEpoch: replica.leaderEpoch, isCommittedOnly, isReplica, isFollowerWelcome };
  }

  /** Whole batches of one partition, at least one where nothing has been read for this response yet. */
  #readOne(
    target: FetchTarget,
    request: FetchRequest,
    budgetBytes: number,
    minOneBatch: boolean,
  ): FetchResult | Promise<FetchResult> {
    const fault = positionFault(target);
    if (fault !== undefined) return fault;
    const { asked, replica, isReplica } = target;
    const elsewhere = this.#preferred(target, request);
    if (elsewhere !== undefined) return { ...fetchedResult(target, undefined), preferredReadReplica: elsewhere };
    // What it asks for says what it has: that may commit records, and is told with this answer already.
    if (isReplica) replica.followerFetched(followerFetch(asked, request));
    const mayHave = isReplica ? this.#options.throttle.bytesMax(replica, request.replicaId) : Infinity;
    const maxBytes = Math.min(asked.partitionMaxBytes, budgetBytes, mayHave);
    const end = readableEnd(target);
    if (asked.fetchOffset >= end) {
      const nothing = fetchedResult(target, undefined);
      return isReplica ? { ...nothing, stillHolds: this.#unchanged(replica) } : nothing;
    }
    const { throttle } = this.#options;
    if (isReplica && throttle.mustWait(replica, request.replicaId)) {
      return { ...fetchedResult(target, undefined), stillHolds: throttle.untilAllowed(replica) };
    }
    if (maxBytes <= 0 && !minOneBatch) return fetchedResult(target, undefined);
    try {
      const read = replica.log.read(asked.fetchOffset, Math.max(0, maxBytes), end, {
        minOneBatch,
        withEmpty: isReplica,
      });
      if (read instanceof Promise) return this.#readLate(target, read);
      return read.type === 'records' ? fetchedResult(target, read) : refusedFetch(asked, ErrorCode.OFFSET_OUT_OF_RANGE);
    } catch (error) {
      return storageFault(target, error);
    }
  }

  /** For a while, whether nothing has happened to it since now. */
  #unchanged(replica: HostedReplica): (nowMs: number) => boolean {
    const { clock, quietMs } = this.#options;
    const { version } = replica;
    const untilMs = clock.monotonicMs() + quietMs;
    return (nowMs) => replica.version === version && nowMs < untilMs;
  }

  /** Whom the consumer should rather ask. */
  #preferred({ asked, replica, isFollowerWelcome }: FetchTarget, { rackId = '' }: FetchRequest): number | undefined {
    if (!this.#options.selectsByRack || !isFollowerWelcome || rackId === '' || !replica.isLeader) return undefined;
    return nearestReplica(replica, asked.fetchOffset, rackId, this.#options.registry.image);
  }

  async #readLate(
    target: FetchTarget,
    reading: Promise<Awaited<ReturnType<HostedReplica['log']['read']>>>,
  ): Promise<FetchResult> {
    try {
      const read = await reading;
      if (read.type !== 'records') return refusedFetch(target.asked, ErrorCode.OFFSET_OUT_OF_RANGE);
      return fetchedResult(target, read);
    } catch (error) {
      return storageFault(target, error);
    }
  }
}

/** Why a broker may not fetch as a replica; 0 where it may. */
function fetcherFault(asked: FetchPartition, replica: HostedReplica, request: FetchRequest): number {
  const { replicaId, replicaEpoch = -1 } = request;
  switch (replica.judgeFetcher(replicaId, replicaEpoch)) {
    case 'replica':
      return ErrorCode.NONE;
    case 'stale':
      return ErrorCode.STALE_BROKER_EPOCH;
    default:
      // Who knows this leader's epoch may know a newer assignment, too.
      return asked.currentLeaderEpoch < 0 ? ErrorCode.NOT_LEADER_OR_FOLLOWER : ErrorCode.UNKNOWN_LEADER_EPOCH;
  }
}

function followerFetch(
  { fetchOffset, logStartOffset = -1 }: FetchPartition,
  { replicaId, replicaEpoch = -1 }: FetchRequest,
): Omit<FollowerFetch, 'nowMs'> {
  return { brokerId: replicaId, brokerEpoch: replicaEpoch, fetchOffset, logStartOffset };
}

/** A failed log says so by itself; anything else is a fault of ours and must not pass for one of the disk. */
function storageFault({ asked, replica }: FetchTarget, error: unknown): FetchResult {
  if (!replica.log.isFailed && replica.isOpen) throw error;
  return refusedFetch(
    asked,
    replica.readRefusal === ErrorCode.NONE ? ErrorCode.KAFKA_STORAGE_ERROR : replica.readRefusal,
  );
}

/** The results that go out, counted as given. */
function given({ results, counted }: Round): readonly FetchResult[] {
  for (const { target, sizeBytes } of counted) {
    const { traffic } = target.replica;
    if (target.isReplica) traffic.replicated(sizeBytes, 0);
    else traffic.fetched(sizeBytes);
  }
  return results;
}
