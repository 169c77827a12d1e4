import { ErrorCode } from '@ks/protocol';
import { judgePosition } from '../core/partition/divergence.ts';
import { releaseParts } from '../ports/wire-part.ts';
import type { LogRead } from '../storage/log.ts';
import type { HostedReplica } from './hosted-replica.ts';
import type { FetchPartition, FetchResult } from './replica-manager.ts';

/** A partition of a fetch together with the replica it is read from. */
export interface FetchTarget {
  readonly asked: FetchPartition;
  readonly replica: HostedReplica;
  /** The leader epoch the read belongs to. */
  readonly leaderEpoch: number;
  /** READ_COMMITTED: only what no open transaction can undo is read. */
  readonly isCommittedOnly: boolean;
  /** A follower reads: everything that this broker vouches for, committed or not. */
  readonly isReplica: boolean;
  /** The reader may be served by a follower, too. */
  readonly isFollowerWelcome: boolean;
}

/** Exclusive end of what the reader may have. */
export function readableEnd({ replica, isCommittedOnly, isReplica }: FetchTarget): number {
  if (isReplica) return replica.vouchedEndOffset;
  return isCommittedOnly ? replica.lastStableOffset : replica.highWatermark;
}

/** Why it cannot be read from any more; 0 where it can. */
export function readRefusal({ replica, isFollowerWelcome }: FetchTarget): number {
  return isFollowerWelcome ? replica.readRefusal : replica.refusal;
}

/** Whether a follower knows less to be committed than is: where consumers read from followers, it is told at once. */
export function lacksWatermark({ asked, replica, isReplica }: FetchTarget): boolean {
  return isReplica && isWatermarkNews(asked, replica);
}

/** Whether a replica that stands there knows less to be committed of what it has than is. */
export function isWatermarkNews(asked: FetchPartition, replica: HostedReplica): boolean {
  return (asked.highWatermark ?? Number.MAX_SAFE_INTEGER) < Math.min(replica.highWatermark, asked.fetchOffset);
}

/** A partition's answer without records. */
export function refusedFetch(
  asked: FetchPartition,
  errorCode: number,
  more: Partial<Pick<FetchResult, 'currentLeader' | 'logStartOffset'>> = {},
): FetchResult {
  return {
    topic: asked.topic,
    topicId: asked.topicId,
    partitionIndex: asked.partitionIndex,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: more.logStartOffset ?? -1,
    preferredReadReplica: -1,
    divergingEpoch: undefined,
    abortedTransactions: null,
    currentLeader: more.currentLeader,
    records: [],
    sizeBytes: 0,
    nextOffset: asked.fetchOffset,
  };
}

/** What the reader is told of the partition beside its records. */
export function fetchedResult(
  { asked, replica, isCommittedOnly }: FetchTarget,
  read: Extract<LogRead, { type: 'records' }> | undefined,
): FetchResult {
  const nextOffset = read?.nextOffset ?? asked.fetchOffset;
  return {
    topic: asked.topic,
    topicId: asked.topicId,
    partitionIndex: asked.partitionIndex,
    errorCode: ErrorCode.NONE,
    highWatermark: replica.highWatermark,
    lastStableOffset: replica.lastStableOffset,
    logStartOffset: replica.logStartOffset,
    preferredReadReplica: -1,
    divergingEpoch: undefined,
    abortedTransactions: isCommittedOnly
      ? replica.log.producers.abortedTransactions(asked.fetchOffset, nextOffset)
      : null,
    currentLeader: undefined,
    records: read?.parts ?? [],
    sizeBytes: read?.sizeBytes ?? 0,
    nextOffset,
  };
}

/** KIP-320: a reader whose view of the leadership is older or newer than this leader's is told so; 0 where it agrees or does not say. */
export function epochFault(askedEpoch: number, leaderEpoch: number): number {
  if (askedEpoch < 0 || askedEpoch === leaderEpoch) return ErrorCode.NONE;
  return askedEpoch < leaderEpoch ? ErrorCode.FENCED_LEADER_EPOCH : ErrorCode.UNKNOWN_LEADER_EPOCH;
}

/** What is wrong with the position asked for, or undefined where records may be read from it. */
export function positionFault(target: FetchTarget): FetchResult | undefined {
  const { asked, replica, isReplica } = target;
  const { fetchOffset, lastFetchedEpoch } = asked;
  const { logStartOffset, logEndOffset } = replica;
  // A replica restarts its log where the leader's starts: it has to be told.
  const outOfRange = () => refusedFetch(asked, ErrorCode.OFFSET_OUT_OF_RANGE, isReplica ? { logStartOffset } : {});
  if (fetchOffset < logStartOffset) return outOfRange();
  const verdict = judgePosition(asked, replica.log.endOffsetForEpoch(lastFetchedEpoch));
  if (verdict.type === 'unknown-epoch') return outOfRange();
  if (verdict.type === 'diverges') return diverging(target, verdict);
  if (fetchOffset <= logEndOffset) return undefined;
  // An empty log that begins beyond this one's end.
  return isReplica && lastFetchedEpoch < 0 ? diverging(target, { epoch: -1, endOffset: logEndOffset }) : outOfRange();
}

function diverging(
  target: FetchTarget,
  { epoch, endOffset }: { readonly epoch: number; readonly endOffset: number },
): FetchResult {
  return { ...fetchedResult(target, undefined), divergingEpoch: { epoch, endOffset } };
}

/** Lets go of the records of results that nobody will send. */
export function releaseFetch(results: readonly FetchResult[]): void {
  for (const result of results) releaseParts(result.records);
}
