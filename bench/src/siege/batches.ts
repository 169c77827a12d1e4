import { createCore } from '@ks/core-wasm';
import { encodePlainRecordBatch, Fetch, Produce } from '@ks/protocol';
import { requestBytes } from './connection.ts';

const core = createCore();

/** A request to append one record of `sizeBytes`. */
export function produce(topic: string, index: number, sizeBytes: number, acks = 1): Uint8Array {
  const records = encodePlainRecordBatch([{ timestamp: Date.now(), value: new Uint8Array(sizeBytes).fill(120) }], {
    checksum: core,
  });
  const topicData = [{ name: topic, partitionData: [{ index, records }] }];
  return requestBytes(Produce, 9, { transactionalId: null, acks, timeoutMs: 30_000, topicData });
}

/** A request to read one partition. */
export function fetch(topic: string, partition: number, fetchOffset: number, maxBytes: number, maxWaitMs = 500) {
  const partitions = [{ partition, fetchOffset, partitionMaxBytes: maxBytes }];
  return requestBytes(Fetch, 11, { maxWaitMs, minBytes: 1, maxBytes, topics: [{ topic, partitions }] });
}
