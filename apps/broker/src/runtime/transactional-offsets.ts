import { ErrorCode } from '@ks/protocol';
import { coordinatorPartition } from '../core/group/coordinator-partition.ts';
import type { TransactionalCommitCommand } from '../core/group/commands.ts';
import { commitError } from '../core/group/commit.ts';
import type { CommitReply } from '../core/group/replies.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { TransactionalProducer } from '../core/replicated-state.ts';
import type { GroupCoordinatorHost } from './group-coordinator.ts';
import type { HostedPartition, ReplicaManager } from './replica-manager.ts';
import type { TransactionVerifier } from './transaction-verifier.ts';

const OFFSETS_TOPIC = '__consumer_offsets';

export interface TransactionalCommitRequest extends Omit<TransactionalCommitCommand, 'type' | 'producer'> {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** TxnOffsetCommit v5+ (KIP-890): the group's partition is added to the transaction; else the producer must have added it. */
  readonly addsPartition: boolean;
}

export interface TransactionalOffsetsOptions {
  readonly replicas: Pick<ReplicaManager, 'partition'>;
  readonly groups: Pick<GroupCoordinatorHost, 'commitTransactionalOffsets'>;
  readonly verifier: TransactionVerifier;
  /** transaction.partition.verification.enable */
  readonly isVerificationEnabled: () => boolean;
  readonly image: () => ClusterImage;
}

/** Commits offsets within transactions: first the transaction coordinator is asked, as before any first write to a partition. */
export class TransactionalOffsets {
  readonly #options: TransactionalOffsetsOptions;

  constructor(options: TransactionalOffsetsOptions) {
    this.#options = options;
  }

  async commit(request: TransactionalCommitRequest): Promise<CommitReply> {
    const { replicas, image } = this.#options;
    const count = image().topicsByName.get(OFFSETS_TOPIC)?.partitions.length ?? 0;
    const hosted =
      count === 0 ? undefined : replicas.partition(OFFSETS_TOPIC, coordinatorPartition(request.groupId, count));
    if (hosted === undefined || !hosted.isOpen || !hosted.isLeader) {
      return commitError(request, ErrorCode.NOT_COORDINATOR);
    }
    const { producers } = hosted.log;
    const { producerId, producerEpoch, addsPartition } = request;
    if (!addsPartition && !this.#options.isVerificationEnabled()) return this.#commit(request, 'unneeded');
    const batch = { producerId, producerEpoch, ...coordinatorBatch };
    const leave = producers.startVerification(batch, addsPartition);
    // The transaction is open on the partition.
    if (leave === undefined) return this.#commit(request, undefined);
    try {
      const errorCode = await this.#verify(request, hosted);
      return errorCode === ErrorCode.NONE ? await this.#commit(request, leave) : commitError(request, told(errorCode));
    } finally {
      producers.endVerification(leave);
    }
  }

  async #verify(request: TransactionalCommitRequest, hosted: HostedPartition): Promise<number> {
    const { transactionalId, producerId, producerEpoch, addsPartition: addsPartitions } = request;
    const asked = { transactionalId, producerId, producerEpoch, addsPartitions, partitions: [hosted] };
    const [errorCode] = await this.#options.verifier.verify(asked);
    return errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR;
  }

  #commit(request: TransactionalCommitRequest, leave: TransactionalProducer['leave']): Promise<CommitReply> {
    const { groupId, generationId, memberId, groupInstanceId, topics, producerId, producerEpoch } = request;
    const producer = { producerId, producerEpoch, leave };
    return this.#options.groups.commitTransactionalOffsets({
      ...{ groupId, generationId, memberId, groupInstanceId, topics, producer },
    });
  }
}

/** What a coordinator's batch says of its producer beside id and epoch: it has no sequence. */
const coordinatorBatch = {
  baseSequence: -1,
  lastOffsetDelta: 0,
  maxTimestampMs: -1,
  isTransactional: true,
  marker: undefined,
};

/** What passes by itself is told as the one error that makes every client try again where it is. */
function told(errorCode: number): number {
  switch (errorCode) {
    case ErrorCode.CONCURRENT_TRANSACTIONS:
    case ErrorCode.NOT_COORDINATOR:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
      return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    default:
      return errorCode;
  }
}
