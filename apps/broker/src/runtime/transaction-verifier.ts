import type { PartitionKey } from './replica-manager.ts';

/** A transactional producer that wants to append to partitions on which its transaction is not yet known to be open. */
export interface TransactionVerification {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  /**
   * Transaction version 2 (KIP-890, Produce 12): the producer does not add partitions itself, so they are to be added to its
   * transaction. Else they must have been added before.
   */
  readonly addsPartitions: boolean;
  readonly partitions: readonly PartitionKey[];
}

/** Asks the coordinator of a transactional id (KIP-890). */
export interface TransactionVerifier {
  /** A Kafka error code for each partition, in order; NONE: the transaction is open and has the partition. Never rejects. */
  verify(verification: TransactionVerification): Promise<readonly number[]>;
}
