import { ErrorCode } from '@ks/protocol';
import type { LogDirectory } from '../storage/log-directory.ts';
import type { HostedReplica } from './hosted-replica.ts';
import type { DeleteRecordsResult, RecordDeletionRequest } from './replica-manager.ts';
import type { ReplicaRegistry } from './replica-registry.ts';
import { isInternalTopicName } from './topic-admin-rules.ts';

/** What DeleteRecords calls "up to the high watermark". */
const HIGH_WATERMARK = -1;

export interface RecordDeletionOptions {
  readonly registry: ReplicaRegistry;
  readonly directories: () => readonly LogDirectory[];
}

/** Moves the start of logs up on demand (KIP-107). Segments that lie wholly below it go with the next retention run. */
export class RecordDeletion {
  readonly #options: RecordDeletionOptions;

  constructor(options: RecordDeletionOptions) {
    this.#options = options;
  }

  /** Results in request order, once the new starts are on disk: a restart does not bring the records back. Never rejects. */
  async delete(requests: readonly RecordDeletionRequest[]): Promise<readonly DeleteRecordsResult[]> {
    const moved = new Set<LogDirectory>();
    const results = requests.map((request) => {
      const result = this.#advance(request);
      const directory = result.errorCode === ErrorCode.NONE ? this.#directoryOf(request) : undefined;
      if (directory !== undefined) moved.add(directory);
      return { result, directory };
    });
    const failed = new Set<LogDirectory>();
    await Promise.all(
      // A checkpoint that cannot be written takes its directory offline.
      Array.from(moved, (directory) => directory.checkpointLogStarts().catch(() => void failed.add(directory))),
    );
    return results.map(({ result, directory }) =>
      directory !== undefined && failed.has(directory) ? refused(result, ErrorCode.KAFKA_STORAGE_ERROR) : result,
    );
  }

  #advance(request: RecordDeletionRequest): DeleteRecordsResult {
    const located = this.#options.registry.locateLeader(request);
    if (located.refusal !== undefined) return refused(request, located.refusal.errorCode);
    const { replica } = located;
    // What coordinators keep in their topics is not for clients to cut.
    if (isInternalTopicName(request.topic)) return refused(request, ErrorCode.INVALID_TOPIC_EXCEPTION);
    if (!replica.log.config.cleanupPolicy.delete) return refused(request, ErrorCode.POLICY_VIOLATION);
    const offset = request.offset === HIGH_WATERMARK ? replica.highWatermark : request.offset;
    if (offset < 0 || offset > replica.highWatermark) return refused(request, ErrorCode.OFFSET_OUT_OF_RANGE);
    return { ...keyOf(request), errorCode: ErrorCode.NONE, lowWatermark: advance(replica, offset) };
  }

  #directoryOf({ topic, partitionIndex }: RecordDeletionRequest): LogDirectory | undefined {
    const log = this.#options.registry.get(topic, partitionIndex)?.log;
    return this.#options.directories().find((directory) => directory.log(topic, partitionIndex) === log);
  }
}

function advance(replica: HostedReplica, offset: number): number {
  const logStartOffset = replica.log.advanceLogStartOffset(offset);
  replica.trimmed();
  return logStartOffset;
}

function refused(request: RecordDeletionRequest | DeleteRecordsResult, errorCode: number): DeleteRecordsResult {
  return { ...keyOf(request), errorCode, lowWatermark: -1 };
}

function keyOf({ topic, topicId, partitionIndex }: RecordDeletionRequest | DeleteRecordsResult) {
  return { topic, topicId, partitionIndex };
}
