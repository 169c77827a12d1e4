import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { connect } from '@ks/client';
import { median } from '../measure/statistics.ts';
import type { BrokerPeer, RunningBroker } from '../peers/broker-peer.ts';
import type { Measurement } from '../report.ts';
import { type ClientOutcome, type ClientProgram, type ClientTask, programPath } from './client-program.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

async function versionOf(packageName: string): Promise<string> {
  // Some packages do not export their package.json: it lies above what they do export.
  const entry = require.resolve(packageName);
  const folder = entry.slice(
    0,
    entry.lastIndexOf(`node_modules/${packageName}/`) + `node_modules/${packageName}/`.length,
  );
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')).version;
}

async function programs(): Promise<readonly ClientProgram[]> {
  return [
    { name: '@ks/client', version: '0.1.0', program: programPath('ks-program') },
    { name: 'kafkajs', version: await versionOf('kafkajs'), program: programPath('kafkajs-program') },
    {
      name: '@platformatic/kafka',
      version: await versionOf('@platformatic/kafka'),
      program: programPath('platformatic-program'),
    },
  ];
}

type Load = Pick<ClientTask, 'load' | 'inFlight' | 'records'> & { readonly title: string };

/** The clients, each in a process of its own, take turns at one broker. */
export async function measureClients(
  peer: BrokerPeer,
  options: { readonly records: number; readonly recordBytes: number; readonly rounds: number },
): Promise<readonly Measurement[]> {
  const { records, recordBytes, rounds } = options;
  const loads: readonly Load[] = [
    { title: 'produce, sends of 1,000 records, 4 under way', load: 'batched', inFlight: 4, records },
    { title: 'produce, single awaited sends, 64 under way', load: 'single', inFlight: 64, records: records / 20 },
    {
      title: 'produce, single awaited sends, 2,000 under way',
      load: 'single',
      inFlight: 2000,
      records: records / 5,
    },
    { title: 'consume by record', load: 'consume', inFlight: 0, records },
    { title: 'consume by batch', load: 'batches', inFlight: 0, records },
  ];
  const all = await programs();
  const directory = await mkdtemp(join(tmpdir(), 'ks-bench-clients-'));
  const samples = new Map<string, ClientOutcome[]>();
  const broker = await peer.start(join(directory, 'broker'));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const each of loads) {
        for (const client of all) {
          const isConsuming = each.load === 'consume' || each.load === 'batches';
          const written = isConsuming ? 'batched4' : `${each.load}${each.inFlight}`;
          const topic = `bench-${written}-${round}-${client.name.replace(/\W/g, '')}`;
          const key = `${each.title} ${client.name}`;
          samples.set(key, [
            ...(samples.get(key) ?? []),
            await outcomeOf(client, broker, { ...each, topic, recordBytes }),
          ]);
        }
      }
    }
  } finally {
    await broker.stop();
    await rm(directory, { recursive: true, force: true });
  }
  return loads.flatMap((each) =>
    all.map((client) => {
      const found = samples.get(`${each.title} ${client.name}`) ?? [];
      return {
        scenario: `${each.title}, ${recordBytes} B`,
        peer: `${client.name} ${client.version}`,
        client: `broker: ${peer.version()}`,
        values: {
          'records/s': median(found.map((one) => one.records / one.seconds)),
          'records per CPU s': median(found.map((one) => one.records / one.cpuSeconds)),
        },
      };
    }),
  );
}

async function outcomeOf(
  client: ClientProgram,
  broker: RunningBroker,
  task: Omit<ClientTask, 'bootstrap'>,
): Promise<ClientOutcome> {
  if (task.load !== 'consume' && task.load !== 'batches') {
    await using ks = await connect({ brokers: [broker.bootstrap] });
    await ks.admin.createTopic(task.topic, { partitions: 1, replicationFactor: 1 });
  }
  const asked: ClientTask = { ...task, bootstrap: broker.bootstrap };
  const { stdout } = await run(process.execPath, ['--conditions=@ks/source', client.program, JSON.stringify(asked)]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
}
