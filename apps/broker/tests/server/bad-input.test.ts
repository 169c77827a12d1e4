import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiVersions, ErrorCode, Produce } from '@ks/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { badRecords, bomb } from './bad-records.ts';
import { type BrokerProcess, startBrokerProcess } from './broker-process.ts';
import { batchOf, Bystander, createTopic, produceRequest, readAll } from './bystander.ts';
import { mutatedGoldenRequests } from './mutated-requests.ts';
import { frameOf, TestClient } from './test-client.ts';

// What a hostile or broken client sends, against a broker in a process of its own, while an honest client writes on.

let directory: string;
let broker: BrokerProcess;
let bystander: Bystander;
const clients: TestClient[] = [];

const connect = async (): Promise<TestClient> => {
  const client = await TestClient.connect(broker.port);
  clients.push(client);
  return client;
};
const errorCodeOf = async (request: Uint8Array): Promise<number | undefined> => {
  const client = await connect();
  client.send(request);
  return (await client.response(Produce, 9)).body.responses[0]?.partitionResponses[0]?.errorCode;
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-bad-'));
  broker = await startBrokerProcess(directory, { config: { 'auto.create.topics.enable': 'false' } });
  bystander = await Bystander.start(broker.port);
  await createTopic(broker.port, 'victim');
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await broker[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe('what ends a connection, with one line and nothing else', () => {
  test.each([
    ['garbage', Buffer.from('GET / HTTP/1.1\r\nHost: a\r\n\r\n'), 'socket.request.max.bytes'],
    ['TLS', Buffer.from('16030100c8010000c40303', 'hex'), 'socket.request.max.bytes'],
    ['a frame that claims 2 GB', Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]), 'socket.request.max.bytes'],
    ['a frame of negative size', Buffer.from([0xff, 0xff, 0xff, 0xfe]), 'too short'],
    ['an unknown API key', frameOf(0x7f, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff), 'unknown API key'],
    ['an unknown version of Metadata', frameOf(0, 3, 0x7f, 0xff, 0, 0, 0, 1, 0xff, 0xff, 0), 'unsupported version'],
    [
      'an array of 2^31 - 1 elements',
      frameOf(0, 3, 0, 4, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff),
      'an array claims',
    ],
    [
      'a compact array of 2^32 - 2',
      frameOf(0, 3, 0, 12, 0, 0, 0, 1, 0xff, 0xff, 0, 0xff, 0xff, 0xff, 0xff, 0x0f),
      'an array claims',
    ],
    ['2^31 tagged fields', frameOf(0, 3, 0, 12, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x07), 'tagged fields'],
  ])('%s', async (_, bytes, reason) => {
    const from = broker.log.length;
    const client = await connect();
    client.send(bytes);
    await client.closed();
    await bystander.expectServed();
    expect(broker.log.slice(from)).toMatchObject([{ level: 'info', msg: 'Closed a connection' }]);
    expect(String(broker.log[from]?.['reason'])).toContain(reason);
  });
});

test('an ApiVersions version of the future is told in version 0 what there is', async () => {
  const client = await connect();
  client.send(frameOf(0, 18, 0x7f, 0xff, 0, 0, 0, 42, 0xff, 0xff, 1, 2, 3));
  const { correlationId, body } = await client.response(ApiVersions, 0);
  expect(correlationId).toBe(42);
  expect(body.errorCode).toBe(ErrorCode.UNSUPPORTED_VERSION);
  expect(body.apiKeys.map(({ apiKey }) => apiKey)).toEqual([ApiVersions.key]);
});

test('half frames hold nobody up and little memory', async () => {
  const before = broker.memoryPeakBytes();
  const half = produceRequest('victim', batchOf('x'.repeat(1000))).subarray(0, 500);
  // Each claims 90 MB and sends 500 bytes of them.
  half.set([0x05, 0x5d, 0x4a, 0x80]);
  for (let count = 0; count < 200; count++) (await connect()).send(half);
  await bystander.expectServed();
  expect(broker.memoryPeakBytes() - before).toBeLessThan(150_000_000);
});

describe('records that are refused with Kafka’s error', () => {
  test.each(badRecords)('%s', async (_, records, errorCodes) => {
    expect(errorCodes).toContain(await errorCodeOf(produceRequest('victim', records)));
    await bystander.expectServed();
  });

  test('a record over max.message.bytes', async () => {
    expect(await errorCodeOf(produceRequest('victim', batchOf('x'.repeat(1_100_000))))).toBe(
      ErrorCode.MESSAGE_TOO_LARGE,
    );
    await createTopic(broker.port, 'tiny', { 'max.message.bytes': '100' });
    expect(await errorCodeOf(produceRequest('tiny', batchOf('x'.repeat(100))))).toBe(ErrorCode.MESSAGE_TOO_LARGE);
    expect(await errorCodeOf(produceRequest('tiny', batchOf('x')))).toBe(ErrorCode.NONE);
  });

  test.each([
    ['gzip', 300_000_000],
    ['zstd', 500_000_000],
    ['lz4', 200_000_000],
  ] as const)('a bomb of %s that inflates to %i bytes', async (compression, plainBytes) => {
    const records = await bomb(compression, plainBytes);
    expect(records.length).toBeLessThan(1_048_588);
    const before = broker.memoryPeakBytes();
    expect(await errorCodeOf(produceRequest('victim', records))).toBe(ErrorCode.MESSAGE_TOO_LARGE);
    await bystander.expectServed();
    expect(broker.memoryPeakBytes() - before).toBeLessThan(150_000_000);
  });

  test('what snappy can make of a megabyte at most is no bomb', async () => {
    await createTopic(broker.port, 'snappy');
    const before = broker.memoryPeakBytes();
    expect(await errorCodeOf(produceRequest('snappy', await bomb('snappy', 20_000_000)))).toBe(ErrorCode.NONE);
    await bystander.expectServed();
    expect(broker.memoryPeakBytes() - before).toBeLessThan(150_000_000);
  });

  test('and none of them is in the log', async () => {
    expect(await readAll(broker.port, 'victim')).toEqual([]);
    expect(await errorCodeOf(produceRequest('victim', batchOf('sound')))).toBe(ErrorCode.NONE);
    expect(await readAll(broker.port, 'victim')).toEqual(['sound']);
  });
});

test('real requests with wrong bytes in them are answered or end their connection, and no handler fails', async () => {
  const from = broker.log.length;
  const outcomes = { answered: 0, closed: 0, silent: 0 };
  for (const bytes of mutatedGoldenRequests(600)) {
    const client = await TestClient.connect(broker.port);
    client.send(bytes);
    // Some wait: a join, a long poll.
    const outcome = await Promise.race([
      client.frame().then(
        () => 'answered' as const,
        () => 'closed' as const,
      ),
      bystander.expectServed().then(() => 'silent' as const),
    ]);
    outcomes[outcome] += 1;
    client.destroy();
  }
  expect(Math.min(outcomes.answered, outcomes.closed)).toBeGreaterThan(100);
  await bystander.expectServed();
  expect(broker.isRunning).toBe(true);
  expect(broker.log.slice(from).filter(({ level }) => level === 'error')).toEqual([]);
});

test('through all of that the honest client lost nothing', async () => {
  await bystander.finish();
  expect(broker.log.filter(({ level }) => level === 'error')).toEqual([]);
  expect(await broker.end()).toBe(0);
  expect(broker.complaints()).toBe('');
});
