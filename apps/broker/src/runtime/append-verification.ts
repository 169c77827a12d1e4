import {
  BATCH_HEADER_BYTES,
  ErrorCode,
  isControlBatch,
  isTransactional,
  magic,
  RECORD_BATCH_MAGIC,
} from '@ks/protocol';
import type { LogProducers } from '../storage/log-producers.ts';
import { type ProducerBatch, producerBatchAt } from '../storage/producer-batch.ts';
import type { TransactionVerification } from '../storage/producer-judge.ts';
import type { AppendPartition, AppendRequest } from './replica-manager.ts';
import type { ReplicaRegistry } from './replica-registry.ts';

/** The Produce version from which on clients leave it to the broker to add partitions to a transaction (KIP-890). */
const ADDS_PARTITIONS_SINCE = 12;
/** The Produce version from which on clients know TRANSACTION_ABORTABLE. */
const ABORTABLE_SINCE = 11;

interface Asked {
  readonly index: number;
  readonly partition: AppendPartition;
  readonly batch: ProducerBatch;
  readonly producers: LogProducers;
  readonly leave: TransactionVerification;
}

/** What the coordinator said of the partitions of one append that want to begin a transaction. */
export interface AppendVerification {
  /** Settles when the coordinator has answered. Never rejects. */
  readonly answered: Promise<void>;
  /** By index of the partition in the request; NONE where it was not asked about. */
  errorCodeOf(index: number): number;
  leaveOf(index: number): TransactionVerification | undefined;
  /** Everything was appended or refused. */
  end(): void;
}

/** Asks the coordinator where it must be asked; undefined where every transaction is open already. */
export function verifyAppend(registry: ReplicaRegistry, request: AppendRequest): AppendVerification | undefined {
  const { transaction } = request;
  if (transaction === undefined) return undefined;
  const supportsEpochBump = request.apiVersion >= ADDS_PARTITIONS_SINCE;
  const asked = request.partitions.flatMap((partition, index) =>
    askAbout(registry, partition, index, supportsEpochBump),
  );
  const [first] = asked;
  if (first === undefined) return undefined;
  const { producerId, producerEpoch } = first.batch;
  const errorCodes = new Map<number, number>();
  const isMixed = asked.some(({ batch }) => batch.producerId !== producerId || batch.producerEpoch !== producerEpoch);
  const answered = isMixed
    ? Promise.resolve(asked.map(() => ErrorCode.INVALID_PRODUCER_ID_MAPPING))
    : transaction.verifier.verify({
        transactionalId: transaction.transactionalId,
        ...{ producerId, producerEpoch, addsPartitions: supportsEpochBump },
        partitions: asked.map(({ partition }) => partition),
      });
  return {
    answered: answered.then((codes) => {
      for (const [at, { index }] of asked.entries()) {
        errorCodes.set(index, appendErrorOf(codes[at] ?? ErrorCode.UNKNOWN_SERVER_ERROR, request.apiVersion));
      }
    }),
    errorCodeOf: (index) => errorCodes.get(index) ?? ErrorCode.NONE,
    leaveOf: (index) => asked.find((each) => each.index === index)?.leave,
    end: () => {
      for (const { producers, leave } of asked) producers.endVerification(leave);
    },
  };
}

function askAbout(
  registry: ReplicaRegistry,
  partition: AppendPartition,
  index: number,
  supportsEpochBump: boolean,
): Asked[] {
  const { records } = partition;
  const { replica } = registry.locateLeader(partition);
  if (replica === undefined || records === null || !isTransactionalData(records)) return [];
  const batch = producerBatchAt(records, 0);
  if (batch === undefined) return [];
  const { producers } = replica.log;
  const leave = producers.startVerification(batch, supportsEpochBump);
  return leave === undefined ? [] : [{ index, partition, batch, producers, leave }];
}

/** Nothing of the batch is validated yet. */
function isTransactionalData(records: Uint8Array): boolean {
  if (records.length < BATCH_HEADER_BYTES || magic(records, 0) !== RECORD_BATCH_MAGIC) return false;
  return isTransactional(records, 0) && !isControlBatch(records, 0);
}

/** What a producer is told of its coordinator's answer: errors of the coordinator's own become one that every client retries. */
function appendErrorOf(errorCode: number, apiVersion: number): number {
  switch (errorCode) {
    case ErrorCode.COORDINATOR_LOAD_IN_PROGRESS:
    case ErrorCode.COORDINATOR_NOT_AVAILABLE:
    case ErrorCode.NOT_COORDINATOR:
    case ErrorCode.NETWORK_EXCEPTION:
      return ErrorCode.NOT_ENOUGH_REPLICAS;
    case ErrorCode.CONCURRENT_TRANSACTIONS:
      return apiVersion >= ADDS_PARTITIONS_SINCE ? errorCode : ErrorCode.NOT_ENOUGH_REPLICAS;
    case ErrorCode.TRANSACTION_ABORTABLE:
      return apiVersion >= ABORTABLE_SINCE ? errorCode : ErrorCode.INVALID_TXN_STATE;
    case ErrorCode.PRODUCER_FENCED:
      return ErrorCode.INVALID_PRODUCER_EPOCH;
    default:
      return errorCode;
  }
}
