/** Where a leader epoch ends in a log: the greatest known epoch at or below the one asked for; both -1 where nothing is known. */
export interface EpochEnd {
  readonly leaderEpoch: number;
  readonly endOffset: number;
}

/** Where a reader is: the offset it asks for, and the epoch of the record before it (-1: it has none, or does not say). */
export interface ReaderPosition {
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
}

/** How the reader's position relates to the leader's log. */
export type PositionVerdict =
  | { readonly type: 'agrees' }
  /** The reader's last epoch is above everything the leader has: what it reads is no copy of this log. */
  | { readonly type: 'unknown-epoch' }
  /** KIP-595: the reader has to truncate, by the epoch and by the end offset both. */
  | { readonly type: 'diverges'; readonly epoch: number; readonly endOffset: number };

/** The leader's part: whether the reader's log, which ends at its position, is a prefix of the leader's. */
export function judgePosition(position: ReaderPosition, end: EpochEnd): PositionVerdict {
  const { fetchOffset, lastFetchedEpoch } = position;
  if (lastFetchedEpoch < 0) return { type: 'agrees' };
  if (end.endOffset < 0) return { type: 'unknown-epoch' };
  if (end.leaderEpoch < lastFetchedEpoch || end.endOffset < fetchOffset) {
    return { type: 'diverges', epoch: end.leaderEpoch, endOffset: end.endOffset };
  }
  return { type: 'agrees' };
}

/**
 * The follower's part: where it has to cut its log when the leader says that it diverges. `own` is where the follower's log has the
 * leader's epoch end. Above what is returned the two logs differ for sure; below it the next fetch finds out. The follower's high
 * watermark plays no part: records below it may differ after an unclean election, and those above it may be committed.
 */
export function truncationOffset(
  diverging: { readonly epoch: number; readonly endOffset: number },
  own: EpochEnd,
  logEndOffset: number,
): number {
  const ownEnd = own.endOffset < 0 ? logEndOffset : own.endOffset;
  return Math.max(0, Math.min(diverging.endOffset, ownEnd, logEndOffset));
}
