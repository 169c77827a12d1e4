import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { comes, fileSink, fileSource, giveConnector, startWorker } from '../src/connect/connect-worker.ts';
import { fetchProgram } from '../src/kafka/program-jars.ts';
import { kcat } from '../src/kcat.ts';
import { type KsProcess, startKsProcess } from '../src/ks-process.ts';
import { describeWith } from '../src/peers.ts';
import { freePort } from '../src/processes/free-port.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

/** What a worker says of a connector. */
interface ConnectorStatus {
  readonly status?: { readonly connector?: RunningPart; readonly tasks?: readonly RunningPart[] };
}
interface RunningPart {
  readonly state: string;
  readonly worker_id: string;
}

const lines = (first: number, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `line ${first + index}`);
const text = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
/** Lines of a file, each once, in the order in which they came first; none if it is not there yet. */
const arrived = async (file: string): Promise<readonly string[]> =>
  [...new Set((await readFile(file, 'utf8').catch(() => '')).split('\n'))].filter((line) => line !== '');
const inTopic = async (bootstrap: string): Promise<readonly string[]> => {
  const isolation = ['-X', 'isolation.level=read_committed'];
  const out = await kcat(bootstrap, ['-C', '-t', 'moved', '-o', 'beginning', '-e', '-q', ...isolation]);
  return out.split('\n').filter((line) => line !== '');
};
/** Settings of a worker among others; `id` names their group. */
const distributed = (id: string, bootstrap: string, restPort: number, more: Readonly<Record<string, string>>) => ({
  ...common,
  ...Object.fromEntries(
    ['config', 'offset', 'status'].flatMap((kind) => [
      [`${kind}.storage.topic`, `connect-${kind}`],
      [`${kind}.storage.replication.factor`, '1'],
    ]),
  ),
  'bootstrap.servers': bootstrap,
  'group.id': id,
  listeners: `HTTP://127.0.0.1:${restPort}`,
  'session.timeout.ms': '3000',
  'heartbeat.interval.ms': '500',
  'scheduled.rebalance.max.delay.ms': '0',
  'consumer.session.timeout.ms': '3000',
  'consumer.heartbeat.interval.ms': '500',
  ...more,
});
const common = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'offset.flush.interval.ms': '200',
  'plugin.discovery': 'SERVICE_LOAD',
};

describeWith('Kafka', 'kcat')(
  'Kafka Connect moves the lines of a file into a topic, and from there into a file',
  () => {
    beforeAll(() => fetchProgram('connect'), 300_000);

    test.concurrent('a worker that stands alone goes on where it stopped, each line once', {
      timeout: 200_000,
    }, async () => {
      await using directory = await temporaryDirectory();
      const [from, to] = [join(directory.path, 'from.txt'), join(directory.path, 'to.txt')];
      const [port, restPort] = [await freePort(), await freePort()];
      const broker = await startKsProcess(join(directory.path, 'data'), port);
      const start = () =>
        startWorker(
          directory.path,
          {
            ...common,
            'bootstrap.servers': broker.bootstrap,
            listeners: `HTTP://127.0.0.1:${restPort}`,
            'offset.storage.file.filename': join(directory.path, 'offsets'),
          },
          { source: fileSource(from, 'moved'), sink: fileSink(to, 'moved') },
        );
      let worker = await start();
      try {
        await appendFile(from, text(lines(0, 1000)));
        await comes(worker, 'the first lines', async () => (await arrived(to)).length === 1000);
        await worker.end('SIGTERM');
        await appendFile(from, text(lines(1000, 500)));
        worker = await start();
        await comes(worker, 'lines after a restart', async () => (await arrived(to)).length === 1500);
        await worker.end('SIGTERM');
        expect(await inTopic(broker.bootstrap)).toEqual(lines(0, 1500));
        expect(await readFile(to, 'utf8')).toBe(text(lines(0, 1500)));
      } finally {
        await worker.end('SIGKILL');
        await broker.end('SIGKILL');
      }
    });

    test.concurrent('a distributed worker with an exactly-once source: broker and worker are killed, the topic has each line once', {
      timeout: 200_000,
    }, async () => {
      await using directory = await temporaryDirectory();
      const [from, to] = [join(directory.path, 'from.txt'), join(directory.path, 'to.txt')];
      const [port, restPort] = [await freePort(), await freePort()];
      const startBroker = (): Promise<KsProcess> =>
        startKsProcess(join(directory.path, 'data'), port, { 'group.min.session.timeout.ms': '1000' });
      let broker = await startBroker();
      const { bootstrap } = broker;
      const start = () =>
        startWorker(
          directory.path,
          distributed('connect', bootstrap, restPort, { 'exactly.once.source.support': 'enabled' }),
        );
      let worker = await start();
      const count = async (expected: number) => (await arrived(to)).length === expected;
      try {
        await appendFile(from, text(lines(0, 500)));
        await giveConnector(worker, restPort, 'source', fileSource(from, 'moved'));
        await giveConnector(worker, restPort, 'sink', {
          ...fileSink(to, 'moved'),
          'consumer.override.isolation.level': 'read_committed',
        });
        await comes(worker, 'the first lines', () => count(500));
        await broker.end('SIGKILL');
        await appendFile(from, text(lines(500, 500)));
        broker = await startBroker();
        await comes(worker, 'lines after the broker was killed', () => count(1000));
        await appendFile(from, text(lines(1000, 500)));
        await worker.end('SIGKILL');
        worker = await start();
        await comes(worker, 'lines after the worker was killed', () => count(1500));
        expect(await inTopic(bootstrap)).toEqual(lines(0, 1500));
        expect(await arrived(to)).toEqual(lines(0, 1500));
      } finally {
        await worker.end('SIGKILL');
        await broker.end('SIGKILL');
      }
    });

    test.concurrent('two distributed workers share connectors; when one is killed the other takes its over', {
      timeout: 200_000,
    }, async () => {
      await using directory = await temporaryDirectory();
      const pairs = ['a', 'b'].map((name) => ({
        topic: `moved-${name}`,
        from: join(directory.path, `from-${name}.txt`),
        to: join(directory.path, `to-${name}.txt`),
      }));
      const broker = await startKsProcess(join(directory.path, 'data'), await freePort(), {
        'group.min.session.timeout.ms': '1000',
      });
      const ports = [await freePort(), await freePort()] as const;
      const start = async (port: number) => {
        const folder = join(directory.path, `worker-${port}`);
        await mkdir(folder);
        return startWorker(folder, distributed('two', broker.bootstrap, port, {}));
      };
      const workers = await Promise.all(ports.map(start));
      const [first, second] = workers;
      if (first === undefined || second === undefined) throw new Error('two workers were asked for');
      /** Which worker runs what: the number of connectors and tasks that are running, by worker. */
      const running = async (port: number): Promise<ReadonlyMap<string, number>> => {
        const counts = new Map<string, number>();
        const response = await fetch(`http://127.0.0.1:${port}/connectors?expand=status`).catch(() => undefined);
        const told = (await response?.json().catch(() => ({}))) as
          | Readonly<Record<string, ConnectorStatus>>
          | undefined;
        for (const { status } of Object.values(told ?? {}))
          for (const { state, worker_id: id } of [status?.connector, ...(status?.tasks ?? [])].filter((each) => !!each))
            if (state === 'RUNNING') counts.set(id, (counts.get(id) ?? 0) + 1);
        return counts;
      };
      const arrives = async (count: number): Promise<boolean> =>
        (await Promise.all(pairs.map(async ({ to }) => (await arrived(to)).length === count))).every(Boolean);
      try {
        for (const { topic, from, to } of pairs) {
          await appendFile(from, text(lines(0, 300)));
          await giveConnector(first, ports[0], `source-${topic}`, fileSource(from, topic));
          await giveConnector(first, ports[0], `sink-${topic}`, fileSink(to, topic));
        }
        await comes(first, 'lines by two workers', () => arrives(300));
        // Four connectors with a task each, four and four.
        await comes(first, 'an even share', async () => [...(await running(ports[0])).values()].join() === '4,4');
        await second.end('SIGKILL');
        for (const { from } of pairs) await appendFile(from, text(lines(300, 300)));
        await comes(first, 'lines by the one that is left', () => arrives(600));
        await comes(first, 'all with one', async () => [...(await running(ports[0])).values()].join() === '8');
        for (const { to } of pairs) expect(await arrived(to)).toEqual(lines(0, 600));
      } finally {
        await Promise.all(workers.map((worker) => worker.end('SIGKILL')));
        await broker.end('SIGKILL');
      }
    });
  },
);
