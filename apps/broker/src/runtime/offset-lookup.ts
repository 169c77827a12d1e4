import { ErrorCode } from '@ks/protocol';
import type { TimestampedOffset } from '../storage/log.ts';
import { epochFault } from './fetch-target.ts';
import type { HostedReplica } from './hosted-replica.ts';
import type {
  EpochEndOffsetRequest,
  EpochEndOffsetResult,
  ListOffsetRequest,
  ListOffsetResult,
} from './replica-manager.ts';
import type { ReplicaRegistry } from './replica-registry.ts';

/** The negative timestamps of ListOffsets. */
export const OffsetMarker = {
  LATEST: -1,
  EARLIEST: -2,
  /** KIP-734 */
  MAX_TIMESTAMP: -3,
  /** KIP-405 */
  EARLIEST_LOCAL: -4,
  /** KIP-1005 */
  LATEST_TIERED: -5,
  /** KIP-1023 */
  EARLIEST_PENDING_UPLOAD: -6,
} as const;

/** What is known of an offset before it becomes an answer. */
type Found = TimestampedOffset | undefined | 'not-available';

/** Finds offsets by time and by the markers of ListOffsets. */
export class OffsetLookup {
  readonly #registry: ReplicaRegistry;

  constructor(registry: ReplicaRegistry) {
    this.#registry = registry;
  }

  epochEnd(request: EpochEndOffsetRequest): EpochEndOffsetResult {
    const located = this.#registry.locateLeader(request);
    if (located.refusal !== undefined) return noEpochEnd(located.refusal.errorCode);
    const { replica } = located;
    const fault = epochFault(request.currentLeaderEpoch, replica.leaderEpoch);
    if (fault !== ErrorCode.NONE) return noEpochEnd(fault);
    return { errorCode: ErrorCode.NONE, ...replica.log.endOffsetForEpoch(request.leaderEpoch) };
  }

  async find(request: ListOffsetRequest): Promise<ListOffsetResult> {
    const located = this.#registry.locateLeader(request);
    if (located.refusal !== undefined) return refused(request, located.refusal.errorCode);
    const { replica } = located;
    const fault = epochFault(request.currentLeaderEpoch, replica.leaderEpoch);
    if (fault !== ErrorCode.NONE) return refused(request, fault);
    try {
      const found = await lookUp(replica, request);
      if (replica.refusal !== ErrorCode.NONE) return refused(request, replica.refusal);
      if (found === 'not-available') return refused(request, ErrorCode.OFFSET_NOT_AVAILABLE);
      return found === undefined ? unknown(request) : answer(request, found);
    } catch (error) {
      if (!replica.log.isFailed && replica.isOpen) throw error;
      return refused(request, replica.refusal === ErrorCode.NONE ? ErrorCode.KAFKA_STORAGE_ERROR : replica.refusal);
    }
  }
}

const READ_COMMITTED = 1;

/** A replica sees all, a consumer what is below the high watermark, a consumer of committed records what no open transaction can undo. */
function endFor(replica: HostedReplica, { replicaId, isolationLevel }: ListOffsetRequest): number {
  if (replicaId >= 0) return replica.logEndOffset;
  return isolationLevel === READ_COMMITTED ? replica.lastStableOffset : replica.highWatermark;
}

function lookUp(replica: HostedReplica, request: ListOffsetRequest): Found | Promise<Found> {
  const { log } = replica;
  switch (request.timestampMs) {
    case OffsetMarker.LATEST:
      // "Latest" must not go back for a client that asked the previous leader: it is unknown until this epoch's start is committed.
      if (request.replicaId < 0 && !replica.isEpochCommitted) return 'not-available';
      return { timestampMs: -1, offset: endFor(replica, request), leaderEpoch: replica.leaderEpoch };
    case OffsetMarker.EARLIEST:
    case OffsetMarker.EARLIEST_LOCAL: {
      const offset = log.logStartOffset;
      return { timestampMs: -1, offset, leaderEpoch: log.epochForOffset(offset) };
    }
    // Without tiered storage Kafka knows no such offset.
    case OffsetMarker.LATEST_TIERED:
    case OffsetMarker.EARLIEST_PENDING_UPLOAD:
      return undefined;
    case OffsetMarker.MAX_TIMESTAMP:
      return visible(replica, request, log.offsetOfMaxTimestamp());
    default:
      return visible(replica, request, log.offsetForTimestamp(request.timestampMs, endFor(replica, request)));
  }
}

/** What lies above the reader's end is not there for it; until the epoch's start is committed nobody can say that it will not be. */
async function visible(
  replica: HostedReplica,
  request: ListOffsetRequest,
  looking: Promise<TimestampedOffset | undefined>,
): Promise<Found> {
  const found = await looking;
  if (found !== undefined && found.offset < endFor(replica, request)) return found;
  return request.replicaId < 0 && !replica.isEpochCommitted ? 'not-available' : undefined;
}

function answer(request: ListOffsetRequest, found: TimestampedOffset): ListOffsetResult {
  const { topic, topicId, partitionIndex } = request;
  return { topic, topicId, partitionIndex, errorCode: ErrorCode.NONE, ...found };
}

function noEpochEnd(errorCode: number): EpochEndOffsetResult {
  return { errorCode, leaderEpoch: -1, endOffset: -1 };
}

function unknown(request: ListOffsetRequest): ListOffsetResult {
  return answer(request, { timestampMs: -1, offset: -1, leaderEpoch: -1 });
}

function refused(request: ListOffsetRequest, errorCode: number): ListOffsetResult {
  return { ...unknown(request), errorCode };
}
