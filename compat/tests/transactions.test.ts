import { fileURLToPath } from 'node:url';
import { type EmbeddedBroker, startEmbeddedBroker } from '@ks/broker';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { java, kafkaTool } from '../src/kafka/kafka-tool.ts';
import { kcat } from '../src/kcat.ts';
import { describeWith, testWith } from '../src/peers.ts';

let broker: EmbeddedBroker;
let client: kafkajs.Kafka;

beforeAll(async () => {
  broker = await startEmbeddedBroker({ config: { 'group.initial.rebalance.delay.ms': '0' } });
  client = new kafkajs.Kafka({ brokers: [broker.bootstrap], logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: ['from', 'to', 'out', 'in'].map((topic) => ({ topic, numPartitions: 3 })) });
  await admin.disconnect();
});
afterAll(() => broker.stop());

const read = async (topic: string, isolation: string): Promise<readonly string[]> => {
  const out = await kcat(broker.bootstrap, [
    ...['-C', '-t', topic, '-e', '-q', '-o', 'beginning', '-f', '%p %s\n'],
    ...['-X', `isolation.level=${isolation}`],
  ]);
  return out.toString().trim().split('\n').sort();
};

testWith('kcat')('kafkajs commits and aborts over partitions; kcat reads what was committed', async () => {
  const producer = client.producer({ transactionalId: 'kafkajs', idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  for (const [value, commits] of [
    ['a', true],
    ['b', false],
    ['c', true],
  ] as const) {
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'out', messages: [0, 1, 2].map((partition) => ({ partition, value })) });
    if (commits) await transaction.commit();
    else await transaction.abort();
  }
  await producer.disconnect();
  expect(await read('out', 'read_committed')).toEqual(['0 a', '0 c', '1 a', '1 c', '2 a', '2 c']);
  expect((await read('out', 'read_uncommitted')).length).toBe(9);
});

test('kafkajs sends offsets within transactions: they count when it commits', async () => {
  const [producer, admin] = [
    client.producer({ transactionalId: 'mover', idempotent: true, maxInFlightRequests: 1 }),
    client.admin(),
  ];
  await Promise.all([producer.connect(), admin.connect()]);
  const seen: (string | undefined)[] = [];
  for (const [offset, commits] of [
    ['10', true],
    ['20', false],
    ['30', true],
  ] as const) {
    const transaction = await producer.transaction();
    await transaction.sendOffsets({
      consumerGroupId: 'kafkajs-movers',
      topics: [{ topic: 'in', partitions: [{ partition: 0, offset }] }],
    });
    if (commits) await transaction.commit();
    else await transaction.abort();
    const [topic] = await admin.fetchOffsets({ groupId: 'kafkajs-movers', topics: ['in'] });
    seen.push(topic?.partitions.find(({ partition }) => partition === 0)?.offset);
  }
  await Promise.all([producer.disconnect(), admin.disconnect()]);
  expect(seen).toEqual(['10', '10', '30']);
});

test('kafkajs: of two producers with one id the later one goes on', async () => {
  const make = () =>
    client.producer({ transactionalId: 'twice', idempotent: true, maxInFlightRequests: 1, retry: { retries: 1 } });
  const [old, heir] = [make(), make()];
  await old.connect();
  const begun = await old.transaction();
  await begun.send({ topic: 'in', messages: [{ partition: 0, value: 'old' }] });
  await heir.connect();
  const next = await heir.transaction();
  await next.send({ topic: 'in', messages: [{ partition: 0, value: 'heir' }] });
  await expect(begun.commit()).rejects.toThrow(/old epoch|newer/i);
  await next.commit();
  await Promise.all([old.disconnect(), heir.disconnect()]);
});

describeWith('Kafka')('the Java client, by transaction version 2', () => {
  beforeAll(fetchKafka);

  test('commits, aborts, moves with offsets, and fences', async () => {
    const program = fileURLToPath(new URL('../src/transactions/Transactions.java', import.meta.url));
    const { out } = await java(program, [broker.bootstrap], { timeoutMs: 50_000 });
    expect(out.toString().trim().split('\n')).toEqual([
      'offsets true',
      'the zombie: ProducerFencedException',
      'from [a0, a1, a2, b0, b1, b2]',
      'from, all 9',
      'to [a0, a1, a2, b0, b1, b2, heir]',
    ]);
  });

  test('kafka-transactions finds a transaction that hangs, and aborts it', async () => {
    const producer = client.producer({
      transactionalId: 'hanging',
      idempotent: true,
      maxInFlightRequests: 1,
      transactionTimeout: 600_000,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: 'in', messages: [{ partition: 2, value: 'hanging' }] });
    await producer.disconnect();
    const tool = (...words: readonly string[]) =>
      kafkaTool('kafka-transactions', ['--bootstrap-server', broker.bootstrap, ...words]);
    expect(await tool('list', '--transactional-id-pattern', 'hang.*')).toMatch(/hanging\s+1\s+\d+\s+Ongoing/);
    expect(await tool('describe', '--transactional-id', 'hanging')).toMatch(/Ongoing.*in-2/);
    const partition = ['--topic', 'in', '--partition', '2'];
    expect(await tool('describe-producers', ...partition)).toMatch(/\s-1\s+0\s+\d+\s+0\s*$/m);
    await tool('abort', ...partition, '--start-offset', '0');
    expect(await tool('describe-producers', ...partition)).toMatch(/None\s*$/m);
  });
});
