/** A replica that a consumer may be sent to: in sync, alive, and with the offset that is asked for. */
export interface ReadCandidate {
  readonly brokerId: number;
  readonly rack: string | null;
  readonly endOffset: number;
  /** The last time at which it had everything the leader had. */
  readonly caughtUpMs: number;
}

/**
 * The replica that a consumer in `rackId` reads from best (KIP-392), as Kafka's `RackAwareReplicaSelector` chooses: the leader where it
 * is in that rack or nobody is, else the one in it that is furthest on.
 */
export function selectReadReplica(
  rackId: string,
  leader: { readonly brokerId: number; readonly rack: string | null },
  followers: readonly ReadCandidate[],
): number {
  if (rackId === '' || leader.rack === rackId) return leader.brokerId;
  let best: ReadCandidate | undefined;
  for (const candidate of followers) {
    if (candidate.rack !== rackId) continue;
    if (best === undefined || isFurther(candidate, best)) best = candidate;
  }
  return best?.brokerId ?? leader.brokerId;
}

function isFurther(a: ReadCandidate, b: ReadCandidate): boolean {
  if (a.endOffset !== b.endOffset) return a.endOffset > b.endOffset;
  if (a.caughtUpMs !== b.caughtUpMs) return a.caughtUpMs > b.caughtUpMs;
  return a.brokerId > b.brokerId;
}
