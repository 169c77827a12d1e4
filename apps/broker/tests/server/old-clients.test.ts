import { createCore } from '@ks/core-wasm';
import { createCodec, encodeRecordBatch, Fetch, Produce } from '@ks/protocol';
import { expect, test } from 'vitest';
import { startEmbeddedBroker } from '../../src/embedded.ts';
import { createTopic, produceRequest } from './bystander.ts';
import { requestBytes, TestClient } from './test-client.ts';

// kafka-python 2.0 asks by Fetch versions from before zstd (KIP-110) and knows zstd all the same; Kafka 4.4 gives it (seen).
test.each([4, 9, 11])('zstd is given to readers by Fetch %i, as it was written', async (version) => {
  await using broker = await startEmbeddedBroker();
  await createTopic(broker.port, 't');
  const core = createCore();
  const records = [{ timestamp: 1_700_000_000_000, value: Buffer.from('x'.repeat(1000)) }];
  const batch = await encodeRecordBatch(records, { checksum: core, compression: 'zstd', codec: createCodec(core) });
  const client = await TestClient.connect(broker.port);
  client.send(produceRequest('t', batch));
  expect((await client.response(Produce, 9)).body.responses[0]?.partitionResponses[0]?.errorCode).toBe(0);
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1_000_000 }];
  const topics = [{ topic: 't', partitions }];
  client.send(requestBytes(Fetch, version, 2, { maxWaitMs: 0, minBytes: 0, maxBytes: 1_000_000, topics }));
  const read = (await client.response(Fetch, version)).body.responses[0]?.partitions[0];
  expect(read?.errorCode).toBe(0);
  // What the broker stamps lies before the checksum.
  expect(
    Buffer.from(read?.records ?? [])
      .subarray(17)
      .equals(batch.subarray(17)),
  ).toBe(true);
  client.destroy();
});
