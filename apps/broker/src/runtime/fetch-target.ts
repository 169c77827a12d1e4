import { ErrorCode } from '@ks/protocol';
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
}

/** Exclusive end of what the reader may have. */
export function readableEnd({ replica, isCommittedOnly }: FetchTarget): number {
  return isCommittedOnly ? replica.lastStableOffset : replica.highWatermark;
}

/** A partition's answer without records. */
export function refusedFetch(
  asked: FetchPartition,
  errorCode: number,
  more: Partial<Pick<FetchResult, 'currentLeader' | 'divergingEpoch'>> = {},
): FetchResult {
  return {
    topic: asked.topic,
    topicId: asked.topicId,
    partitionIndex: asked.partitionIndex,
    errorCode,
    highWatermark: -1,
    lastStableOffset: -1,
    logStartOffset: -1,
    divergingEpoch: more.divergingEpoch,
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
  const { asked, replica } = target;
  const { fetchOffset, lastFetchedEpoch } = asked;
  const isOutside = fetchOffset < replica.logStartOffset || fetchOffset > replica.logEndOffset;
  if (lastFetchedEpoch >= 0 && fetchOffset >= replica.logStartOffset) {
    const end = replica.log.endOffsetForEpoch(lastFetchedEpoch);
    if (end.endOffset < 0) return refusedFetch(asked, ErrorCode.OFFSET_OUT_OF_RANGE);
    // KIP-595: the reader truncates by epoch and end offset both.
    if (end.leaderEpoch < lastFetchedEpoch || end.endOffset < fetchOffset) {
      const divergingEpoch = { epoch: end.leaderEpoch, endOffset: end.endOffset };
      return { ...fetchedResult(target, undefined), divergingEpoch };
    }
  }
  return isOutside ? refusedFetch(asked, ErrorCode.OFFSET_OUT_OF_RANGE) : undefined;
}

/** Lets go of the records of results that nobody will send. */
export function releaseFetch(results: readonly FetchResult[]): void {
  for (const result of results) releaseParts(result.records);
}
