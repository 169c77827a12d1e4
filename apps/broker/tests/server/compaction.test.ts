import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCore } from '@ks/core-wasm';
import { CreateTopics, encodePlainRecordBatch, Fetch, Produce, recordBatchesOf } from '@ks/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BrokerProcess, startBrokerProcess } from './broker-process.ts';
import { requestBytes, TestClient } from './test-client.ts';

const core = createCore({ kind: 'reference' });
const VALUE_BYTES = 20_000;
const TOPIC = 'compacted';

/** One record per batch: 150 of them make three segments of 1 MB, the smallest that Kafka allows. */
async function produce(client: TestClient, count: number, keyOf: (index: number) => string): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const value = new Uint8Array(VALUE_BYTES).fill(index);
    const key = new TextEncoder().encode(keyOf(index));
    const records = encodePlainRecordBatch([{ timestamp: 1_700_000_000_000 + index, key, value }], { checksum: core });
    const topicData = [{ name: TOPIC, partitionData: [{ index: 0, records }] }];
    client.send(requestBytes(Produce, 9, index, { acks: 1, timeoutMs: 5000, topicData }));
    const { body } = await client.response(Produce, 9);
    expect(body.responses[0]?.partitionResponses[0]).toMatchObject({ errorCode: 0 });
  }
}

/** Offset and first byte of the value of every record, from the start. */
async function readAll(client: TestClient): Promise<{ readonly offset: number; readonly key: string; fill: number }[]> {
  const seen = [];
  for (let offset = 0; ; ) {
    const partitions = [{ partition: 0, fetchOffset: offset, partitionMaxBytes: 300_000 }];
    client.send(requestBytes(Fetch, 11, 1, { maxWaitMs: 0, minBytes: 0, topics: [{ topic: TOPIC, partitions }] }));
    const { body } = await client.response(Fetch, 11);
    const partition = body.responses[0]?.partitions[0];
    const batches = [...recordBatchesOf(partition?.records ?? new Uint8Array(0))];
    for (const batch of batches) {
      for (const record of batch.records(batch.payload)) {
        seen.push({
          offset: record.offset,
          key: new TextDecoder().decode(record.key ?? undefined),
          fill: record.value?.[0] ?? -1,
        });
      }
    }
    offset = batches.at(-1)?.nextOffset ?? offset;
    if (offset >= (partition?.highWatermark ?? 0)) return seen;
  }
}

describe('a topic with cleanup.policy=compact', () => {
  let directory: string;
  let broker: BrokerProcess;
  const start = () => startBrokerProcess(directory, { config: { 'log.cleaner.backoff.ms': '50' } });

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ks-compaction-'));
    broker = await start();
  });
  afterEach(async () => {
    await broker[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });

  const cleaned = async (): Promise<number> => {
    const text = await readFile(join(directory, 'cleaner-offset-checkpoint'), 'utf8').catch(() => '');
    return Number(new RegExp(`^${TOPIC} 0 (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  };
  const cleanedTo = async (offset: number): Promise<void> => {
    while ((await cleaned()) < offset) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  test('keeps the last record of each key at its offset, over a kill -9 too', async () => {
    const client = await TestClient.connect(broker.port);
    const configs = Object.entries({
      'cleanup.policy': 'compact',
      'segment.bytes': '1048576',
      'min.cleanable.dirty.ratio': '0.01',
      'file.delete.delay.ms': '0',
    }).map(([name, value]) => ({ name, value }));
    const topic = { name: TOPIC, numPartitions: 1, replicationFactor: 1, assignments: [], configs };
    client.send(requestBytes(CreateTopics, 7, 0, { topics: [topic], timeoutMs: 10_000, validateOnly: false }));
    expect((await client.response(CreateTopics, 7)).body.topics[0]).toMatchObject({ errorCode: 0 });
    await produce(client, 150, (index) => (index < 5 ? `once-${index}` : `again-${index % 3}`));
    await cleanedTo(90);
    const check = async (from: TestClient) => {
      const cleanedOffset = await cleaned();
      const seen = await readAll(from);
      for (const { offset, fill } of seen) expect(fill).toBe(offset);
      expect(seen.filter(({ key }) => key.startsWith('once')).map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4]);
      expect(seen.filter(({ offset }) => offset >= 5 && offset < cleanedOffset)).toHaveLength(3);
      expect(seen.at(-1)?.offset).toBe(149);
    };
    await check(client);
    client.socket.destroy();
    await broker.end('SIGKILL');
    broker = await start();
    const again = await TestClient.connect(broker.port);
    await check(again);
    again.socket.destroy();
    const names = await readdir(join(directory, `${TOPIC}-0`));
    expect(names.filter((name) => /cleaned|swap/.test(name))).toEqual([]);
  });
});
