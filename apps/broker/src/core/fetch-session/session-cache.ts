import { ErrorCode } from '@ks/protocol';
import type { FetchPosition, ForgottenPartition, PartitionAnswer } from './position.ts';
import { FetchSession, FINAL_EPOCH, INITIAL_EPOCH, nextEpoch } from './session.ts';

/** A session that was not used for so long gives way to any; a younger one only to a worthier (KIP-227). */
export const EVICTION_MS = 120_000;

/** What a Fetch request says of its session. */
export interface SessionRequest {
  readonly sessionId: number;
  readonly sessionEpoch: number;
  readonly usesTopicIds: boolean;
  readonly isFollower: boolean;
  readonly positions: readonly FetchPosition[];
  readonly forgotten: readonly ForgottenPartition[];
}

/** What a request comes to: what is to be read for it, or why nothing is. */
export type FetchContext =
  | { readonly type: 'refused'; readonly errorCode: number }
  /** All that the request names is read and answered; `begins`: it may become a session. */
  | {
      readonly type: 'full';
      readonly positions: readonly FetchPosition[];
      readonly begins: boolean;
      readonly request: SessionRequest;
    }
  | IncrementalFetch;

/** A request within a session. */
export interface IncrementalFetch {
  readonly type: 'incremental';
  /** Those that have to be read to know the answer. */
  readonly positions: readonly FetchPosition[];
  readonly session: FetchSession;
  /** The session's epoch while this request is the newest. */
  readonly epoch: number;
}

/** How a request is to be answered. */
export interface SessionAnswer {
  /** For the response as a whole; where it is not 0 nothing of what was read is told. */
  readonly errorCode: number;
  /** 0: there is no session. */
  readonly sessionId: number;
  /** For each position whether its answer is told. */
  readonly told: readonly boolean[];
}

export interface FetchSessionCacheOptions {
  /** max.incremental.fetch.session.cache.slots */
  readonly slotsMax: number;
  /** Partitions of all sessions together; readers beyond it are answered in full each time. */
  readonly partitionsMax: number;
  /** Any whole number in [0, bound). */
  readonly random: (bound: number) => number;
}

const ID_BOUND = 2_147_483_647;

/** All incremental fetch sessions of a broker, in slots that the worthier reader gets. */
export class FetchSessionCache {
  readonly #options: FetchSessionCacheOptions;
  /** Least recently used first. */
  readonly #sessions = new Map<number, FetchSession>();
  #partitionCount = 0;
  #evictions = 0;

  constructor(options: FetchSessionCacheOptions) {
    this.#options = options;
  }

  /** Sessions held. */
  get sessionCount(): number {
    return this.#sessions.size;
  }
  /** Partitions that the sessions hold together. */
  get partitionCount(): number {
    return this.#partitionCount;
  }
  /** Sessions that had to give way to others so far. */
  get evictionCount(): number {
    return this.#evictions;
  }

  /** Takes a request up, in the order of arrival. `finish` follows for every context that is not refused. */
  open(request: SessionRequest, nowMs: number): FetchContext {
    const { sessionId, sessionEpoch, positions } = request;
    if (sessionEpoch === INITIAL_EPOCH || sessionEpoch === FINAL_EPOCH) {
      const former = this.#sessions.get(sessionId);
      if (former !== undefined) this.#remove(former);
      return { type: 'full', positions, begins: sessionEpoch === INITIAL_EPOCH, request };
    }
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    if (session.epoch !== sessionEpoch) return refused(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    if (session.usesTopicIds !== request.usesTopicIds) return refused(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
    return this.#continue(session, request, nowMs);
  }

  /** What is to be read for a request that has waited; undefined where a later one of its session has overtaken it. */
  again(context: IncrementalFetch, nowMs: number): IncrementalFetch | undefined {
    const { session, epoch } = context;
    return session.epoch === epoch ? { ...context, positions: session.read(nowMs) } : undefined;
  }

  /** Says how the request is answered, when all its positions have been read. */
  finish(context: Exclude<FetchContext, { type: 'refused' }>, answers: readonly PartitionAnswer[], nowMs: number) {
    return context.type === 'full'
      ? this.#finishFull(context, answers, nowMs)
      : this.#finishIncremental(context, answers);
  }

  #continue(session: FetchSession, request: SessionRequest, nowMs: number): FetchContext {
    const sizeBefore = session.size;
    session.update(request.positions, request.forgotten);
    this.#partitionCount += session.size - sizeBefore;
    if (session.size === 0) {
      this.#remove(session);
      return { type: 'full', positions: [], begins: false, request };
    }
    if (this.#partitionCount > this.#options.partitionsMax) {
      this.#remove(session);
      return refused(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    }
    this.#sessions.delete(session.id);
    this.#sessions.set(session.id, session);
    session.lastUsedMs = nowMs;
    session.epoch = nextEpoch(session.epoch);
    return { type: 'incremental', positions: session.read(nowMs), session, epoch: session.epoch };
  }

  #finishFull(
    { positions, begins, request }: Extract<FetchContext, { type: 'full' }>,
    answers: readonly PartitionAnswer[],
    nowMs: number,
  ): SessionAnswer {
    const told = positions.map(() => true);
    const none = { errorCode: ErrorCode.NONE, sessionId: 0, told };
    if (!begins || !this.#makeRoom(request.isFollower, positions.length, nowMs)) return none;
    const { isFollower: isPrivileged, usesTopicIds } = request;
    const session = new FetchSession({ id: this.#newId(), isPrivileged, usesTopicIds, nowMs });
    session.begin(positions, answers);
    this.#sessions.set(session.id, session);
    this.#partitionCount += session.size;
    return { ...none, sessionId: session.id };
  }

  #finishIncremental(
    { positions, session, epoch }: IncrementalFetch,
    answers: readonly PartitionAnswer[],
  ): SessionAnswer {
    // A later request overtook this one while it waited: what it read may have been told already.
    if (session.epoch !== epoch) {
      return {
        errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH,
        sessionId: session.id,
        told: positions.map(() => false),
      };
    }
    return { errorCode: ErrorCode.NONE, sessionId: session.id, told: session.prune(answers) };
  }

  /** Whether a session of that size may begin; another may have had to go for it. */
  #makeRoom(isPrivileged: boolean, size: number, nowMs: number): boolean {
    const { slotsMax, partitionsMax } = this.#options;
    if (slotsMax <= 0) return false;
    if (this.#sessions.size >= slotsMax) {
      const loser = this.#stale(nowMs) ?? this.#lessWorthy(isPrivileged, size, nowMs);
      if (loser === undefined) return false;
      this.#remove(loser);
      this.#evictions += 1;
    }
    return this.#partitionCount + size <= partitionsMax;
  }

  #stale(nowMs: number): FetchSession | undefined {
    const [oldest] = this.#sessions.values();
    return oldest !== undefined && nowMs - oldest.lastUsedMs > EVICTION_MS ? oldest : undefined;
  }

  /** The least worthy session that may go, if it is less worthy than the new one: followers before consumers, then by size. */
  #lessWorthy(isPrivileged: boolean, size: number, nowMs: number): FetchSession | undefined {
    let least: FetchSession | undefined;
    for (const session of this.#sessions.values()) {
      const isSettled = nowMs - session.createdMs > EVICTION_MS;
      if (!isSettled && !(isPrivileged && !session.isPrivileged)) continue;
      if (least === undefined || isLess(session, least.isPrivileged, least.size)) least = session;
    }
    return least !== undefined && isLess(least, isPrivileged, size) ? least : undefined;
  }

  #remove(session: FetchSession): void {
    if (this.#sessions.delete(session.id)) this.#partitionCount -= session.size;
  }

  #newId(): number {
    for (;;) {
      const id = 1 + this.#options.random(ID_BOUND);
      if (!this.#sessions.has(id)) return id;
    }
  }
}

function isLess(session: FetchSession, isPrivileged: boolean, size: number): boolean {
  if (session.isPrivileged !== isPrivileged) return isPrivileged;
  return session.size < size;
}

function refused(errorCode: number): FetchContext {
  return { type: 'refused', errorCode };
}
