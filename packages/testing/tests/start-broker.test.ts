import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Client, connect, topic } from '@ks/client';
import { describe, expect, test } from 'vitest';
import { startBroker } from '../src/index.ts';

const run = promisify(execFile);
const orders = topic('orders', {});

async function valuesOf(client: Client, name: string): Promise<string[]> {
  await using consumer = client.consumer({ from: 'beginning' });
  const values: string[] = [];
  for await (const record of consumer.read({ until: 'end' }, name)) {
    values.push(new TextDecoder().decode(record.value ?? new Uint8Array(0)));
  }
  return values;
}

const send = async (client: Client, name: string, value: string) =>
  client.producer().send(name, { key: null, value: new TextEncoder().encode(value) });

async function answers(port: number): Promise<boolean> {
  const socket = connectSocket({ port, host: '127.0.0.1' });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  const isThere = await promise;
  socket.destroy();
  return isThere;
}

const hasKcat = () =>
  run('kcat', ['-V']).then(
    () => true,
    () => false,
  );

describe('startBroker', () => {
  test('serves a topic that was asked for, to its own client and to any other', async () => {
    await using broker = await startBroker({
      topics: ['plain', orders, { topic: 'wide', partitions: 4, configs: { 'retention.ms': '60000' } }],
      config: { 'num.partitions': '2' },
    });
    expect(broker.directory).toBeUndefined();
    const client = await broker.connect();
    await send(client, 'plain', 'hello');
    await using stranger = await connect({ brokers: broker.bootstrap });
    expect(await valuesOf(stranger, 'plain')).toEqual(['hello']);
    const topics = await stranger.admin.listTopics();
    expect(topics.map(({ name, partitionCount }) => [name, partitionCount])).toEqual([
      ['orders', 2],
      ['plain', 2],
      ['wide', 4],
    ]);
    const [wide] = await stranger.admin.describeTopics(['wide'], { includeConfigs: true });
    expect(wide?.configs?.find(({ name }) => name === 'retention.ms')?.value).toBe('60000');
  });

  test('brokers stand side by side, and know nothing of each other', async () => {
    await using one = await startBroker({ topics: ['a'] });
    await using other = await startBroker({ topics: ['b'] });
    expect(one.port).not.toBe(other.port);
    const names = async (broker: typeof one) =>
      (await (await broker.connect()).admin.listTopics()).map(({ name }) => name);
    expect([await names(one), await names(other)]).toEqual([['a'], ['b']]);
  });

  test('stop closes what connect gave, frees the port and removes the temporary directory; twice is once', async () => {
    const broker = await startBroker({ storage: 'disk', topics: ['a'] });
    const { port, directory = '' } = broker;
    const client = await broker.connect();
    await send(client, 'a', 'x');
    expect(existsSync(join(directory, 'a-0'))).toBe(true);
    await Promise.all([broker.stop(), broker.stop()]);
    await broker[Symbol.asyncDispose]();
    expect(existsSync(directory)).toBe(false);
    expect(await answers(port)).toBe(false);
    await expect(send(client, 'a', 'y')).rejects.toThrow(/closed/);
    await expect(broker.connect()).rejects.toThrow(/stopped/);
  });

  test('a directory that was given outlives the broker and is read by the next one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ks-testing-given-'));
    try {
      {
        await using broker = await startBroker({ directory, topics: ['a'] });
        await send(await broker.connect(), 'a', 'kept');
        await expect(startBroker({ directory })).rejects.toThrow(/locked|in use|held/i);
      }
      await using again = await startBroker({ directory });
      expect(await valuesOf(await again.connect(), 'a')).toEqual(['kept']);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('what cannot be set up is said, and nothing is left running', async () => {
    await using held = await startBroker();
    await expect(startBroker({ port: held.port })).rejects.toThrow(/in use/);
    await expect(startBroker({ config: { 'num.partitions': 'many' } })).rejects.toThrow(/num\.partitions/);
    await expect(startBroker({ storage: 'disk', directory: tmpdir() })).rejects.toThrow(TypeError);
    const { port } = held;
    await held.stop();
    await expect(startBroker({ port, topics: ['no such/name'] })).rejects.toThrow(/name/i);
    expect(await answers(port)).toBe(false);
  });

  test('kcat reads what the client wrote', async ({ skip }) => {
    if (!(await hasKcat())) skip('kcat is not installed');
    await using broker = await startBroker({ topics: ['a'] });
    const client = await broker.connect();
    await send(client, 'a', 'one');
    await send(client, 'a', 'two');
    const { stdout } = await run('kcat', ['-b', broker.bootstrap, '-C', '-t', 'a', '-e', '-q']);
    expect(stdout).toBe('one\ntwo\n');
  });

  test('a process that used one ends by itself', async () => {
    const program = fileURLToPath(new URL('./programs/use-and-end.ts', import.meta.url));
    const { stdout } = await run(process.execPath, ['--conditions=@ks/source', program], { timeout: 30_000 });
    const [read = '', disposed] = stdout.split('\n');
    expect(disposed).toBe('disposed of');
    const [isRead, directory = ''] = read.split(' ');
    expect(isRead).toBe('true');
    expect(existsSync(directory)).toBe(false);
  });
});
