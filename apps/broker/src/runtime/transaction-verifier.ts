import { ErrorCode } from '@ks/protocol';
import type { PartitionKey } from './replica-manager.ts';
import type { TransactionCoordinator } from './transaction-coordinator.ts';

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

export interface VerifierOptions {
  readonly coordinator: Pick<TransactionCoordinator, 'addPartitions' | 'verifyPartitions'>;
  /** transaction.partition.verification.enable: off, nobody is asked whether a client has added a partition. */
  readonly isEnabled: () => boolean;
}

/** The client's side of transaction version 2. */
const TRANSACTION_VERSION_2 = 2;

/** A verifier that asks this broker's coordinator. */
export function coordinatorVerifier(options: VerifierOptions): TransactionVerifier {
  return {
    async verify(verification) {
      const { partitions, addsPartitions } = verification;
      if (!addsPartitions && !options.isEnabled()) return partitions.map(() => ErrorCode.NONE);
      return (await ask(options.coordinator, verification)).map(partitionError);
    },
  };
}

async function ask(
  coordinator: VerifierOptions['coordinator'],
  { transactionalId, producerId, producerEpoch, addsPartitions, partitions }: TransactionVerification,
): Promise<readonly number[]> {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  const asked = {
    ...{ transactionalId, producerId, producerEpoch },
    partitions: Array.from(byTopic, ([topic, keys]) => ({
      topic,
      partitionIndexes: keys.map(({ partitionIndex }) => partitionIndex),
    })),
  };
  const reply = addsPartitions
    ? await coordinator.addPartitions({ ...asked, clientTransactionVersion: TRANSACTION_VERSION_2 })
    : await coordinator.verifyPartitions(asked);
  const errorCodes = new Map<string, number>();
  for (const { topic, partitions: answers } of reply.topics) {
    for (const { partitionIndex, errorCode } of answers) errorCodes.set(`${topic}/${partitionIndex}`, errorCode);
  }
  return partitions.map(
    ({ topic, partitionIndex }) => errorCodes.get(`${topic}/${partitionIndex}`) ?? ErrorCode.UNKNOWN_SERVER_ERROR,
  );
}

/** Producers know PRODUCER_FENCED from their coordinator only; partitions say it in their own words. */
function partitionError(errorCode: number): number {
  return errorCode === ErrorCode.PRODUCER_FENCED ? ErrorCode.INVALID_PRODUCER_EPOCH : errorCode;
}
