import { codecOf, joinFrame, type Message, Reader, TransactionLogKey, TransactionLogValue, Writer } from '@ks/protocol';
import { listOfPartitions, NO_PARTITIONS, withPartitions } from './topic-partitions.ts';
import type { Transaction } from './transaction.ts';
import { transactionStateCodes, transactionStateOfCode } from './transaction-state.ts';

/** The one type of record in `__transaction_state`. */
const TRANSACTION = 0;
/** The flexible version of the value: every Kafka since 3.8 reads it, and the older ones do not know what it adds. */
const VALUE_VERSION = 1;

/** One record of `__transaction_state`; a null value is a tombstone. */
export interface TransactionRecord {
  readonly transactionalId: string;
  readonly value: Transaction | null;
}

/** A record's bytes in Kafka's format. */
export function encodeTransactionRecord(record: TransactionRecord): {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
} {
  const { transactionalId, value } = record;
  const key = encoded(TransactionLogKey, TRANSACTION, 0, { transactionalId });
  if (value === null) return { key, value: null };
  const partitions = listOfPartitions(value.partitions);
  const bytes = encoded(TransactionLogValue, VALUE_VERSION, VALUE_VERSION, {
    producerId: value.producerId,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    transactionTimeoutMs: value.timeoutMs,
    transactionStatus: transactionStateCodes[value.state],
    // Kafka's own: null where there is no transaction to have partitions.
    transactionPartitions:
      value.state === 'Empty'
        ? null
        : partitions.map(({ topic, partitionIndexes }) => ({ topic, partitionIds: partitionIndexes })),
    transactionLastUpdateTimestampMs: value.lastUpdateTimestamp,
    transactionStartTimestampMs: value.startTimestamp,
    clientTransactionVersion: value.clientTransactionVersion,
  });
  return { key, value: bytes };
}

/** Undefined for what a newer release wrote. Throws a `ProtocolError` where the bytes are broken. */
export function decodeTransactionRecord(key: Uint8Array, value: Uint8Array | null): TransactionRecord | undefined {
  const reader = new Reader(key);
  if (reader.int16() !== TRANSACTION) return undefined;
  const { transactionalId } = codecOf(TransactionLogKey, 0).decode(reader);
  if (value === null) return { transactionalId, value: null };
  const transaction = decodeValue(transactionalId, value);
  return transaction === undefined ? undefined : { transactionalId, value: transaction };
}

function decodeValue(transactionalId: string, bytes: Uint8Array): Transaction | undefined {
  const reader = new Reader(bytes);
  const version = reader.int16();
  const { min, max } = TransactionLogValue.versions;
  if (version < min || version > max) return undefined;
  const value = codecOf(TransactionLogValue, version).decode(reader);
  const state = transactionStateOfCode(value.transactionStatus);
  if (state === undefined) return undefined;
  const partitions = (value.transactionPartitions ?? []).map(({ topic, partitionIds }) => ({
    topic,
    partitionIndexes: partitionIds,
  }));
  return {
    transactionalId,
    state,
    producerId: value.producerId,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    producerEpoch: value.producerEpoch,
    timeoutMs: value.transactionTimeoutMs,
    partitions: withPartitions(NO_PARTITIONS, partitions),
    startTimestamp: value.transactionStartTimestampMs,
    lastUpdateTimestamp: value.transactionLastUpdateTimestampMs,
    clientTransactionVersion: value.clientTransactionVersion,
  };
}

/** A prefix (record type, or value version) and the message's fields. */
function encoded<In, Out>(message: Message<In, Out>, prefix: number, version: number, value: In): Uint8Array {
  const writer = new Writer();
  writer.int16(prefix);
  codecOf(message, version).encode(writer, value);
  return joinFrame(writer.finish());
}
