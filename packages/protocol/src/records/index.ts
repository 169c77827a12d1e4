export { type Checksum, computeBatchCrc, isBatchCrcValid, sealBatch, stampLogAppendTime } from './batch-crc.ts';
export * from './batch-header.ts';
export * as batchHeader from './batch-header.ts';
export {
  type ControlRecord,
  ControlType,
  decodeControlRecord,
  type EndTransactionMarker,
  encodeEndTransactionMarker,
} from './control-record.ts';
export { encodePlainRecordBatch, encodeRecordBatch, type RecordInput } from './encode-record-batch.ts';
export { type Message as LegacyMessage, readMessageSet } from './message-set.ts';
export { BatchRecord, type RecordHeader } from './record.ts';
export { RecordBatch, recordBatchesOf } from './record-batch.ts';
export { type BatchSeal, RecordBatchBuilder, recordSizeUpperBound } from './record-batch-builder.ts';
export { RecordCursor } from './record-cursor.ts';
