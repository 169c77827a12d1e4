import type {
  AddPartitionsCommand,
  EndTransactionCommand,
  ProducerIdAndEpoch,
  VerifyPartitionsCommand,
} from '../core/transaction/commands.ts';
import type { DescribeReply, ListReply, PartitionsReply, ProducerReply } from '../core/transaction/replies.ts';
import type { TransactionState } from '../core/transaction/transaction-state.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { FoundCoordinator } from './group-coordinator.ts';
import type { CommitReply } from '../core/group/replies.ts';
import type { TransactionalCommitRequest } from './transactional-offsets.ts';
import type { TransactionVerifier } from './transaction-verifier.ts';
import type { MarkedPartitions, TransactionMarker } from './transaction-markers.ts';

export interface InitProducerIdRequest {
  /** Null for a producer that is idempotent only. */
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
  /** What the producer has; both -1 for one that starts. */
  readonly producerId: number;
  readonly producerEpoch: number;
}

export type AddPartitionsRequest = Omit<AddPartitionsCommand, 'type'>;
export type VerifyPartitionsRequest = Omit<VerifyPartitionsCommand, 'type'>;
export type EndTransactionRequest = Omit<EndTransactionCommand, 'type' | 'freshProducerId'>;

export interface AddOffsetsRequest extends ProducerIdAndEpoch {
  readonly transactionalId: string;
  readonly groupId: string;
}

export interface ListTransactionsRequest {
  readonly states: readonly TransactionState[];
  readonly producerIds: readonly number[];
  /** Negative: all. */
  readonly longerThanMs: number;
  /** An expression of RE2's syntax that the whole id matches; null: any. */
  readonly transactionalIdPattern: string | null;
}

/**
 * Transactions, for the transactional ids whose partition of `__transaction_state` this broker leads; for others it answers
 * NOT_COORDINATOR. Replies come when what they tell is committed. Nothing here rejects for a reason a client can cause: errors are Kafka
 * error codes in the replies, those of the newest versions (PRODUCER_FENCED, TRANSACTION_ABORTABLE); handlers tell older clients what
 * they know.
 */
export interface TransactionCoordinator {
  /** Where `transactionalId` is coordinated, as clients of `listenerName` reach it. Creates `__transaction_state` where there is none. */
  findCoordinator(transactionalId: string, listenerName: string): Promise<FoundCoordinator>;
  initProducerId(request: InitProducerIdRequest): Promise<ProducerReply>;
  addPartitions(request: AddPartitionsRequest): Promise<PartitionsReply>;
  verifyPartitions(request: VerifyPartitionsRequest): Promise<PartitionsReply>;
  /** Adds the partition of `__consumer_offsets` that holds the group. Gives an error code. */
  addOffsets(request: AddOffsetsRequest): Promise<number>;
  /** Commits offsets that count when the transaction does, for a group that is coordinated here. */
  commitOffsets(request: TransactionalCommitRequest): Promise<CommitReply>;
  /** Who is to be asked before a transaction begins on a partition. */
  readonly verifier: TransactionVerifier;
  endTransaction(request: EndTransactionRequest): Promise<ProducerReply>;
  describeTransaction(transactionalId: string): Promise<DescribeReply>;
  /** Those coordinated here. COORDINATOR_LOAD_IN_PROGRESS where some are still read, INVALID_REGULAR_EXPRESSION for a broken pattern. */
  listTransactions(request: ListTransactionsRequest): Promise<ListReply>;
  /** Writes markers into partitions that this broker leads, one result per marker: what coordinators and the admin tool ask for. */
  writeMarkers(markers: readonly TransactionMarker[]): Promise<readonly MarkedPartitions[]>;
}

/** The transaction coordinator as the composition root sees it: images after the group coordinator has them in force, then `stop`. */
export interface TransactionCoordinatorHost extends TransactionCoordinator {
  /** Takes over the partitions of `__transaction_state` that this broker leads by now, lets go of others. */
  applyImage(next: ClusterImage): void;
  /** Looks for expired transactional ids from now on. */
  start(): void;
  /** Answers whoever waits with NOT_COORDINATOR and ends the sending of markers. Before the replica manager stops. */
  stop(): void;
}
