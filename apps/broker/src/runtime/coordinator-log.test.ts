import { compressionTypes, createCodec, RecordBatch } from '@ks/protocol';
import { expect, test } from 'vitest';
import { referenceCore } from './coordinator-log.test-support.ts';
import { ReplicaLog } from './coordinator-log.ts';
import { FakePartition } from './hosted-partition.test-support.ts';

const codec = createCodec(referenceCore);

/** The one batch that `sizes` records make, as it is appended, and its records' sizes as they are read again. */
async function written(type: (typeof compressionTypes)[number], sizes: readonly number[]) {
  const partition = new FakePartition('__consumer_offsets', 0);
  const log = new ReplicaLog({
    ...{ partition, replicas: partition, checksum: referenceCore, commitTimeoutMs: 1, loadBufferBytes: 1000 },
    ...{ produceVersion: 13, compression: { type, codec } },
  });
  const records = sizes.map((size) => ({ timestamp: 7, key: new Uint8Array(3), value: new Uint8Array(size).fill(65) }));
  const { committed, errorCode } = log.append(records, { producerId: 9, producerEpoch: 2 });
  expect([errorCode, await committed]).toEqual([0, 0]);
  const batches: RecordBatch[] = [];
  for await (const batch of log.replay()) batches.push(batch);
  const [batch = new RecordBatch(new Uint8Array(61))] = batches;
  const plain = await batch.decompress(codec, 1_000_000);
  return { batch, sizes: [...batch.records(plain)].map(({ value }) => value?.length) };
}

test.each(compressionTypes)('records are written with offsets.topic.compression.codec: %s', async (type) => {
  const { batch, sizes } = await written(type, [500, 1, 700]);
  expect(batch.compression).toBe(type);
  expect(sizes).toEqual([500, 1, 700]);
  expect([batch.producerId, batch.producerEpoch, batch.isTransactional]).toEqual([9, 2, true]);
  expect(batch.isCrcValid(referenceCore)).toBe(true);
});

test('what would grow, or would have to wait for another thread, stays as it is', async () => {
  expect((await written('gzip', [1])).batch.compression).toBe('none');
  expect((await written('gzip', [70_000])).batch.compression).toBe('none');
});
