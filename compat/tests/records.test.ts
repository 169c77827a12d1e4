import { createHash } from 'node:crypto';
import { startEmbeddedBroker, type EmbeddedBroker } from '@ks/broker';
import { connect } from '@ks/client';
import { Producer, ProduceAcks } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kcat } from '../src/kcat.ts';
import { testWith } from '../src/peers.ts';
import { runCommand } from '../src/processes/run-command.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

let broker: EmbeddedBroker;
let kafka: kafkajs.Kafka;

beforeAll(async () => {
  broker = await startEmbeddedBroker({ config: { 'num.partitions': '3', 'group.initial.rebalance.delay.ms': '0' } });
  kafka = new kafkajs.Kafka({ brokers: [broker.bootstrap], logLevel: kafkajs.logLevel.NOTHING });
});
afterAll(() => broker.stop());

/** What kcat prints of a record as JSON. */
interface KcatRecord {
  readonly partition: number;
  readonly offset: number;
  readonly ts: number;
  readonly headers?: readonly string[];
  readonly key: string | null;
  readonly payload: string | null;
}

const readWithKcat = async (topic: string, ...args: readonly string[]): Promise<readonly KcatRecord[]> =>
  (await kcat(broker.bootstrap, ['-C', '-t', topic, '-e', '-q', '-J', '-o', 'beginning', ...args]))
    .split('\n')
    .slice(0, -1)
    .map((line): KcatRecord => JSON.parse(line));

async function readWithKafkajs(topic: string, count: number): Promise<readonly kafkajs.KafkaMessage[]> {
  const consumer = kafka.consumer({ groupId: `read-${topic}`, maxWaitTimeInMs: 100 });
  const found: kafkajs.KafkaMessage[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: kafkajs.EachMessagePayload): Promise<void> => {
      found.push(message);
      if (found.length === count) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return found;
}

async function sendWithKafkajs(topic: string, messages: kafkajs.Message[]): Promise<void> {
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages });
  await producer.disconnect();
}

testWith('kcat')('null keys, empty keys and values, tombstones and headers pass between kafkajs and kcat', async () => {
  await sendWithKafkajs('shapes', [
    { partition: 0, key: null, value: 'no key' },
    { partition: 0, key: '', value: 'empty key' },
    { partition: 0, key: 'k', value: '' },
    { partition: 0, key: 'k', value: null },
    { partition: 0, key: 'k', value: 'v', headers: { one: '1', two: ['2', '3'], empty: '' } },
  ]);
  expect(await readWithKcat('shapes')).toMatchObject([
    { offset: 0, key: null, payload: 'no key' },
    { offset: 1, key: '', payload: 'empty key' },
    { offset: 2, key: 'k', payload: '' },
    { offset: 3, key: 'k', payload: null },
    { offset: 4, key: 'k', payload: 'v', headers: ['one', '1', 'two', '2', 'two', '3', 'empty', ''] },
  ]);
  await kcat(
    broker.bootstrap,
    ['-P', '-t', 'from-kcat', '-p', '0', '-K', ':', '-Z', '-H', 'h=v'],
    ':\nkey:\nkey:value\n',
  );
  const read = await readWithKafkajs('from-kcat', 3);
  expect(
    read.map(({ key, value }) => [key === null ? null : String(key), value === null ? null : String(value)]),
  ).toEqual([
    [null, null],
    ['key', null],
    ['key', 'value'],
  ]);
  expect(read.map(({ headers }) => String(headers?.['h']))).toEqual(['v', 'v', 'v']);
});

testWith('kcat')('records of a megabyte pass, larger ones are refused with MESSAGE_TOO_LARGE', async () => {
  const large = 'x'.repeat(1_000_000);
  await sendWithKafkajs('large', [{ partition: 0, value: large }]);
  const producer = new Producer({ clientId: 'compat', bootstrapBrokers: [broker.bootstrap] });
  await producer.send({
    messages: [{ topic: 'large', partition: 0, value: Buffer.from(large) }],
    acks: ProduceAcks.ALL,
  });
  await producer.close();
  await kcat(broker.bootstrap, ['-P', '-t', 'large', '-p', '0'], `${'y'.repeat(999_000)}\n`);
  expect((await readWithKcat('large')).map(({ payload }) => payload?.length)).toEqual([1_000_000, 1_000_000, 999_000]);
  expect((await readWithKafkajs('large', 3)).map(({ value }) => value?.length)).toEqual([
    1_000_000, 1_000_000, 999_000,
  ]);
  await expect(sendWithKafkajs('large', [{ partition: 0, value: 'x'.repeat(1_100_000) }])).rejects.toMatchObject({
    type: 'MESSAGE_TOO_LARGE',
  });
});

testWith('kcat')('offsets are found by time', async () => {
  const from = 1_700_000_000_000;
  await sendWithKafkajs(
    'times',
    Array.from({ length: 10 }, (_, index) => ({
      partition: 0,
      value: `${index}`,
      timestamp: `${from + index * 1000}`,
    })),
  );
  const values = async (...args: readonly string[]) =>
    (await kcat(broker.bootstrap, ['-C', '-t', 'times', '-p', '0', '-e', '-q', ...args])).split('\n').slice(0, -1);
  expect(await values('-o', `s@${from + 6500}`)).toEqual(['7', '8', '9']);
  expect(await values('-o', `s@${from + 3000}`, '-o', `e@${from + 5000}`)).toEqual(['3', '4']);
  expect(await values('-o', '-2')).toEqual(['8', '9']);
  expect((await kcat(broker.bootstrap, ['-Q', '-t', `times:0:${from + 1}`])).trim()).toContain('offset 1');
  const admin = kafka.admin();
  await admin.connect();
  const at = async (timestamp: number) =>
    (await admin.fetchTopicOffsetsByTimestamp('times', timestamp)).find(({ partition }) => partition === 0)?.offset;
  expect(await at(from)).toBe('0');
  expect(await at(from + 8001)).toBe('9');
  expect(await at(from + 60_000)).toBe('10');
  expect((await admin.fetchTopicOffsets('times')).find(({ partition }) => partition === 0)).toMatchObject({
    low: '0',
    high: '10',
  });
  await admin.disconnect();
});

test('a topic is made at its first use, where that is allowed', async () => {
  await sendWithKafkajs('made-by-kafkajs', [{ value: 'x' }]);
  const admin = kafka.admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: ['made-by-kafkajs'] });
  expect(topics[0]?.partitions.length).toBe(3);
  await admin.disconnect();

  await using strict = await startEmbeddedBroker({ config: { 'auto.create.topics.enable': 'false' } });
  const other = new kafkajs.Kafka({
    brokers: [strict.bootstrap],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 0 },
  });
  const producer = other.producer();
  await producer.connect();
  await expect(producer.send({ topic: 'nowhere', messages: [{ value: 'x' }] })).rejects.toMatchObject({
    cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
  });
  await producer.disconnect();
});

testWith('kcat')(
  '100 MB of lines: kcat writes three partitions, kcat and the ks client read the same bytes',
  async () => {
    await using directory = await temporaryDirectory();
    await using disk = await startEmbeddedBroker({ directory: directory.path, config: { 'num.partitions': '3' } });
    const line = (index: number): string => `${index} ${'abcdefghij'.repeat(index % 20)}\n`;
    const lines: string[] = [];
    for (let index = 0, bytes = 0; bytes < 100_000_000; index += 1) {
      const one = line(index);
      lines.push(one);
      bytes += one.length;
    }
    const input = Buffer.from(lines.join(''));
    await runCommand('kcat', ['-b', disk.bootstrap, '-P', '-t', 'lines', '-X', 'linger.ms=20'], {
      input,
      timeoutMs: 120_000,
    });

    const byKcat = new Map<number, { count: number; hash: string }>();
    for (const partition of [0, 1, 2]) {
      const { out } = await runCommand(
        'kcat',
        ['-b', disk.bootstrap, '-C', '-t', 'lines', '-p', `${partition}`, '-o', 'beginning', '-e', '-q'],
        { timeoutMs: 120_000 },
      );
      let count = 0;
      for (let at = out.indexOf(10); at >= 0; at = out.indexOf(10, at + 1)) count += 1;
      byKcat.set(partition, { count, hash: createHash('sha256').update(out).digest('hex') });
    }
    expect([...byKcat.values()].reduce((sum, { count }) => sum + count, 0)).toBe(lines.length);

    await using ks = await connect({ brokers: disk.bootstrap });
    await using consumer = ks.consumer({ from: 'beginning' });
    const hashes = [0, 1, 2].map(() => ({ count: 0, hash: createHash('sha256') }));
    for await (const record of consumer.read({ until: 'end' }, 'lines')) {
      const one = hashes[record.partition];
      if (one === undefined) throw new Error(`partition ${record.partition}`);
      one.count += 1;
      one.hash.update(record.value ?? '').update('\n');
    }
    expect(
      new Map(hashes.map(({ count, hash }, partition) => [partition, { count, hash: hash.digest('hex') }])),
    ).toEqual(byKcat);
  },
  240_000,
);
