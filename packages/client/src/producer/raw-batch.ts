import { batchHeader, type BatchSeal, type RecordBatch, sealBatch } from '@ks/protocol';

/** Bits that tell of the log the batch comes from, and not of the one it goes to. */
const OF_THE_SOURCE = batchHeader.LOG_APPEND_TIME_BIT | batchHeader.TRANSACTIONAL_BIT | batchHeader.DELETE_HORIZON_BIT;

/** How many offsets, and so how many sequence numbers, a batch takes up. */
export function offsetsOf(batch: RecordBatch): number {
  return batch.lastOffset - batch.baseOffset + 1;
}

/** The batch as this producer sends it: its records' bytes as they are, compressed or not, under the producer's own name. */
export function resealed(batch: RecordBatch, seal: BatchSeal): Uint8Array {
  const bytes = batch.bytes.slice();
  const kept = batchHeader.attributes(bytes, 0) & ~OF_THE_SOURCE;
  batchHeader.setBaseOffset(bytes, 0, 0);
  batchHeader.setLeaderEpoch(bytes, 0, batchHeader.NO_LEADER_EPOCH);
  batchHeader.setAttributes(bytes, 0, seal.isTransactional === true ? kept | batchHeader.TRANSACTIONAL_BIT : kept);
  batchHeader.setProducerId(bytes, 0, seal.producerId ?? batchHeader.NO_PRODUCER_ID);
  batchHeader.setProducerEpoch(bytes, 0, seal.producerEpoch ?? batchHeader.NO_PRODUCER_EPOCH);
  batchHeader.setBaseSequence(bytes, 0, seal.baseSequence ?? batchHeader.NO_SEQUENCE);
  sealBatch(bytes, 0, seal.checksum);
  return bytes;
}
