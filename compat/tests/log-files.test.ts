import { createHash } from 'node:crypto';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedBroker } from '@ks/broker';
import { codecs, connect } from '@ks/client';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dumpLog } from '../src/kafka/dump-log.ts';
import { startKafka } from '../src/kafka/kafka-broker.ts';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { kcat } from '../src/kcat.ts';
import { describeWith } from '../src/peers.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../src/temporary-directory.ts';

// Kafka's own tool reads the files of ks, and ks reads the files of Kafka.

const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
/** Text that no codec makes much smaller, so that every codec's records fill segments. */
const noise = (index: number): string => createHash('sha512').update(`${index}`).digest('base64').repeat(2);
const lines = Array.from(
  { length: 20_000 },
  (_, index) => `record ${index} ${noise(index).slice(0, (index * 37) % 170)}`,
);

const small = { 'segment.bytes': '1048576', 'index.interval.bytes': '4096' };
let directory: TemporaryDirectory;

beforeAll(async () => {
  directory = await temporaryDirectory();
});
afterAll(async () => {
  await directory[Symbol.asyncDispose]();
});

async function writeAll(bootstrap: string): Promise<void> {
  for (const [turn, compression] of compressions.entries()) {
    const part = lines.slice(turn * 4000, turn * 4000 + 4000);
    await kcat(
      bootstrap,
      ['-P', '-t', 't', '-p', '0', '-z', compression, '-X', 'batch.size=8192', '-X', 'linger.ms=20'],
      `${part.join('\n')}\n`,
    );
  }
}

describeWith('Kafka', 'kcat')('files of ks, read by kafka-dump-log', () => {
  let partition: string;

  beforeAll(async () => {
    await fetchKafka();
    const data = join(directory.path, 'ks');
    await using broker = await startEmbeddedBroker({ directory: data });
    await using ks = await connect({ brokers: broker.bootstrap });
    await ks.admin.createTopic('t', { partitions: 1, configs: small });
    await writeAll(broker.bootstrap);
    partition = join(data, 't-0');
  });

  test('every record of every segment, by deep iteration', async () => {
    const dumped = await dumpLog(partition, ['.log'], ['--deep-iteration', '--print-data-log']);
    expect(dumped.files.length).toBeGreaterThan(1);
    expect(dumped.complaints).toEqual([]);
    expect(dumped.records).toBe(lines.length);
    for (const line of lines.slice(0, 50)) expect(dumped.text).toContain(`payload: ${line}\n`);
  });

  test('offset and time indexes agree with their logs', async () => {
    const verified = await dumpLog(partition, ['.index', '.timeindex'], ['--verify-index-only']);
    expect(verified.files.length).toBeGreaterThan(3);
    expect(verified.complaints).toEqual([]);
    const sane = await dumpLog(partition, ['.index', '.timeindex'], ['--index-sanity-check']);
    expect(sane.text.match(/passed sanity check/g)?.length).toBe(sane.files.length);
    const entries = await dumpLog(partition, ['.index'], []);
    expect(entries.text.match(/^offset: \d+ position: \d+$/gm)?.length).toBeGreaterThan(100);
    const times = await dumpLog(partition, ['.timeindex'], []);
    expect(times.complaints).toEqual([]);
    expect(times.text.match(/^timestamp: \d+ offset: \d+$/gm)?.length).toBeGreaterThan(10);
  });

  test('the tool would complain: an index with one wrong entry', async () => {
    const spoilt = join(directory.path, 'spoilt');
    await cp(partition, spoilt, { recursive: true });
    const [name = ''] = (await readdir(spoilt)).filter((file) => file.endsWith('.index')).sort();
    const bytes = await readFile(join(spoilt, name));
    bytes.writeInt32BE(bytes.readInt32BE(12) + 1, 12);
    await writeFile(join(spoilt, name), bytes);
    expect((await dumpLog(spoilt, ['.index'], ['--verify-index-only'])).complaints).not.toEqual([]);
  });
});

describeWith('Kafka', 'kcat')('a compacted log of every codec with transactions, read by kafka-dump-log', () => {
  let partition: string;

  beforeAll(async () => {
    await fetchKafka();
    const data = join(directory.path, 'mixed');
    await using broker = await startEmbeddedBroker({
      directory: data,
      config: { 'log.cleaner.backoff.ms': '50', 'transaction.state.log.num.partitions': '1' },
    });
    await using ks = await connect({ brokers: broker.bootstrap });
    const compacted = { ...small, 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01' };
    await ks.admin.createTopic('mixed', { partitions: 1, configs: compacted });
    const kafka = new kafkajs.Kafka({ brokers: [broker.bootstrap], logLevel: kafkajs.logLevel.NOTHING });
    const producer = kafka.producer({ transactionalId: 'mixer', idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const [turn, compression] of compressions.entries()) {
      const part = lines.slice(turn * 4000, turn * 4000 + 4000).map((line, index) => `key-${index % 700}|${line}`);
      const codec = ['-z', compression, '-X', 'batch.size=8192', '-X', 'linger.ms=20'];
      await kcat(broker.bootstrap, ['-P', '-t', 'mixed', '-p', '0', '-K', '|', ...codec], `${part.join('\n')}\n`);
      const transaction = await producer.transaction();
      const messages = [{ partition: 0, key: `tx-${turn % 2}`, value: `${turn}` }];
      await transaction.send({ topic: 'mixed', messages });
      await (turn % 2 === 0 ? transaction.commit() : transaction.abort());
    }
    await producer.disconnect();
    partition = join(data, 'mixed-0');
    const isCleaned = async () => {
      const text = await readFile(join(data, 'cleaner-offset-checkpoint'), 'utf8').catch(() => '');
      return /^mixed 0 [1-9]/m.test(text);
    };
    while (!(await isCleaned())) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  test('segments, indexes, aborted transactions and producers, without a complaint', async () => {
    const dumped = await dumpLog(partition, ['.log'], ['--deep-iteration', '--print-data-log']);
    expect(dumped.files.length).toBeGreaterThan(1);
    expect(dumped.complaints).toEqual([]);
    // Cleaned, but not all of it: the active segment never is.
    expect(dumped.records).toBeGreaterThan(700);
    expect(dumped.records).toBeLessThan(lines.length);
    for (const mark of ['compresscodec: lz4', 'compresscodec: zstd', 'endTxnMarker: COMMIT'])
      expect(dumped.text).toContain(mark);
    for (const flag of ['--verify-index-only', '--index-sanity-check']) {
      expect((await dumpLog(partition, ['.index', '.timeindex'], [flag])).complaints).toEqual([]);
    }
    expect((await dumpLog(partition, ['.txnindex', '.snapshot'], [])).complaints).toEqual([]);
  });
});

describeWith('Kafka')('files of the coordinators and of producers, read by kafka-dump-log', () => {
  let data: string;

  beforeAll(async () => {
    await fetchKafka();
    data = join(directory.path, 'coordinators');
    await using broker = await startEmbeddedBroker({
      directory: data,
      config: { 'offsets.topic.num.partitions': '1', 'transaction.state.log.num.partitions': '1' },
    });
    const kafka = new kafkajs.Kafka({ brokers: [broker.bootstrap], logLevel: kafkajs.logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createTopics({ topics: [{ topic: 'in' }, { topic: 'out' }] });
    await admin.disconnect();
    const producer = kafka.producer({ transactionalId: 'mover', idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const [value, commits] of [
      ['kept', true],
      ['dropped', false],
    ] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic: 'out', messages: [{ partition: 0, value }] });
      const topics = [{ topic: 'in', partitions: [{ partition: 0, offset: '42' }] }];
      await transaction.sendOffsets({ consumerGroupId: 'movers', topics });
      await (commits ? transaction.commit() : transaction.abort());
    }
    await producer.disconnect();
    // A producer's end of a transaction is answered before its markers are written; a new life of the producer waits for them.
    const next = kafka.producer({ transactionalId: 'mover', idempotent: true, maxInFlightRequests: 1 });
    await next.connect();
    await (await next.transaction()).abort();
    await next.disconnect();
  });

  test('committed offsets, with their control records', async () => {
    const dumped = await dumpLog(
      join(data, '__consumer_offsets-0'),
      ['.log'],
      ['--offsets-decoder', '--print-data-log'],
    );
    expect(dumped.complaints).toEqual([]);
    expect(dumped.text).toMatch(/"group":"movers".*"topic":"in".*"partition":0.*"offset":42/);
    expect(dumped.text).toContain('endTxnMarker: COMMIT');
    expect(dumped.text).toContain('endTxnMarker: ABORT');
  });

  test('the states of a transaction, in order', async () => {
    const decoder = ['--transaction-log-decoder', '--print-data-log'];
    const dumped = await dumpLog(join(data, '__transaction_state-0'), ['.log'], decoder);
    expect(dumped.complaints).toEqual([]);
    expect(dumped.text).toMatch(/"transactionalId":"mover"/);
    const states = [...dumped.text.matchAll(/"transactionStatus":"(\w+)"/g)].map((match) => match[1]);
    const steps = states.filter((state, at) => state !== states[at - 1]);
    expect(steps).toEqual([
      ...['Empty', 'Ongoing', 'PrepareCommit', 'CompleteCommit'],
      ...['Ongoing', 'PrepareAbort', 'CompleteAbort', 'Empty'],
    ]);
  });

  test('aborted transactions and producers', async () => {
    const aborted = await dumpLog(join(data, 'out-0'), ['.txnindex'], []);
    expect(aborted.complaints).toEqual([]);
    expect(aborted.text).toMatch(/producerId: \d+ firstOffset: 2 lastOffset: 3 lastStableOffset: 4/);
    const producers = await dumpLog(join(data, 'out-0'), ['.snapshot'], []);
    expect(producers.complaints).toEqual([]);
    expect(producers.text).toMatch(/producerId: \d+ producerEpoch: \d+/);
  });
});

describeWith('Kafka', 'kcat')('files of Apache Kafka', () => {
  test('hold the same records when ks opens them', async () => {
    await fetchKafka();
    const theirs = join(directory.path, 'kafka');
    let partition: string;
    {
      await using kafka = await startKafka(theirs, { 'log.segment.bytes': '1048576' });
      await writeAll(kafka.bootstrap);
      partition = join(kafka.logDirectory, 't-0');
    }
    const ours = join(directory.path, 'opened');
    {
      await using broker = await startEmbeddedBroker({ directory: ours });
      await using ks = await connect({ brokers: broker.bootstrap });
      await ks.admin.createTopic('t', { partitions: 1 });
    }
    // The topic's identity stays ours; everything else of the partition is Kafka's.
    const identity = await readFile(join(ours, 't-0', 'partition.metadata'));
    await rm(join(ours, 't-0'), { recursive: true });
    await cp(partition, join(ours, 't-0'), { recursive: true });
    await writeFile(join(ours, 't-0', 'partition.metadata'), identity);
    expect((await readdir(partition)).filter((name) => name.endsWith('.log')).length).toBeGreaterThan(1);

    await using broker = await startEmbeddedBroker({ directory: ours });
    const out = await kcat(broker.bootstrap, ['-C', '-t', 't', '-p', '0', '-o', 'beginning', '-e', '-q']);
    expect(out.split('\n').slice(0, -1)).toEqual(lines);
    await using ks = await connect({ brokers: broker.bootstrap });
    await using consumer = ks.consumer();
    await consumer.assign([{ topic: 't', partition: 0, offset: 12_345 }]);
    for await (const record of consumer.read()) {
      expect(codecs.string.decode(record.value ?? new Uint8Array())).toBe(lines[12_345]);
      break;
    }
    // And goes on behind them.
    await using producer = ks.producer();
    expect((await producer.send('t', { value: 'more', partition: 0 })).offset).toBe(lines.length);
  });
});
