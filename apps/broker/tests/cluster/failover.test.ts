import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { CreateTopics, Metadata } from '@ks/protocol';
import { afterEach, expect, test } from 'vitest';
import { ask, until } from './ask.ts';
import { TestCluster } from './test-cluster.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const RECORDS = 1500;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function partitionAt(cluster: TestCluster, brokerId: number) {
  const { topics } = await ask(cluster.portOf(brokerId), Metadata, { topics: [{ name: 't' }] });
  return topics[0]?.partitions[0];
}

/** Has kcat produce with acks=all while `meanwhile` happens to the cluster; gives what can be read of it in the end. */
async function produceWhile(cluster: TestCluster, meanwhile: (leader: number) => Promise<void>): Promise<string[]> {
  const topics = [{ name: 't', numPartitions: 1, replicationFactor: 3, assignments: [], configs: [] }];
  await ask(cluster.portOf(1), CreateTopics, { topics, timeoutMs: 9000, validateOnly: false });
  const first = await until(async () => {
    const partition = await partitionAt(cluster, 2);
    return partition !== undefined && partition.leaderId > 0 && partition;
  });
  const properties = [
    'acks=all',
    'linger.ms=2',
    'reconnect.backoff.max.ms=300',
    'topic.metadata.refresh.interval.ms=1000',
    // kcat gives up for good while it is connected to none; without this it comes back only to those that it needs.
    'enable.sparse.connections=false',
  ];
  const settings = properties.flatMap((property) => ['-X', property]);
  const kcat = spawn('kcat', ['-b', cluster.bootstrap, '-P', '-t', 't', ...settings], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let complaints = '';
  kcat.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const ended = new Promise((resolve) => kcat.on('exit', resolve));
  let happening: Promise<void> = Promise.resolve();
  for (let index = 0; index < RECORDS; index++) {
    kcat.stdin.write(`${index}\n`);
    if (index % 10 === 0) await pause(2);
    if (index === RECORDS / 3) happening = meanwhile(first.leaderId);
  }
  await happening;
  kcat.stdin.end();
  expect(await ended, complaints).toBe(0);
  const read = ['-b', cluster.bootstrap, '-C', '-t', 't', '-e', '-q', '-o', 'beginning'];
  return (await promisify(execFile)('kcat', read, { encoding: 'utf8' })).stdout.trim().split('\n');
}

const missing = (records: readonly string[]): readonly number[] => {
  const seen = new Set(records);
  return Array.from({ length: RECORDS }, (_, index) => index).filter((index) => !seen.has(String(index)));
};

test('the leader is killed while kcat produces with acks=all: nothing is lost, and it comes back in sync', async () => {
  const cluster = await TestCluster.start();
  closers.push(() => cluster[Symbol.asyncDispose]());
  const records = await produceWhile(cluster, async (leader) => {
    await cluster.kill(leader);
    await until(async () => (await partitionAt(cluster, cluster.running[0] ?? 0))?.leaderId !== leader);
    await cluster.restart(leader);
  });
  expect(missing(records)).toEqual([]);
  await until(async () => (await partitionAt(cluster, 1))?.isrNodes.length === 3);
  expect(cluster.failures).toEqual([]);
});

test('every broker is restarted in order, one after the other: nothing is lost', async () => {
  const cluster = await TestCluster.start();
  closers.push(() => cluster[Symbol.asyncDispose]());
  const records = await produceWhile(cluster, async () => {
    for (const brokerId of cluster.brokerIds) {
      await cluster.stop(brokerId);
      await cluster.restart(brokerId);
      await until(async () => (await partitionAt(cluster, brokerId))?.isrNodes.length === 3);
      // Three brokers are restarted faster than kcat comes back to one.
      await pause(700);
    }
  });
  expect(missing(records)).toEqual([]);
  expect(cluster.failures).toEqual([]);
});
