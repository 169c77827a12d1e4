import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../measure/statistics.ts';
import type { BrokerPeer } from '../peers/broker-peer.ts';
import { createTopic, deleteTopic } from '../peers/topics.ts';
import type { Measurement } from '../report.ts';
import { type ClientOutcome, type ClientProgram, type ClientTask, isConsuming } from './client-program.ts';
import { kcatClient, kcatMissing } from './kcat-client.ts';
import { nodeClients } from './node-client.ts';

export interface ClientsOptions {
  readonly records: number;
  readonly recordBytes: number;
  readonly rounds: number;
  readonly compression: ClientTask['compression'];
  /** Names of loads, separated by commas; empty: all. */
  readonly loads: string;
  /** Names of clients likewise. */
  readonly clients: string;
  /** A folder for input files. */
  readonly scratch: string;
}

const LOOP_DELAY = 'loop delay p99 ms';

type Load = Pick<ClientTask, 'load' | 'inFlight' | 'perSend' | 'records'> & {
  readonly name: string;
  readonly title: string;
};

function loadsOf({ records, loads }: ClientsOptions): readonly Load[] {
  const all: readonly Load[] = [
    {
      name: 'batched1000',
      title: 'produce, sends of 1,000 records, 4 under way',
      load: 'batched',
      perSend: 1000,
      records,
    },
    { name: 'batched100', title: 'produce, sends of 100 records, 4 under way', load: 'batched', perSend: 100, records },
    { name: 'single64', title: 'produce, single awaited sends, 64 under way', inFlight: 64, records: records / 20 },
    {
      name: 'single2000',
      title: 'produce, single awaited sends, 2,000 under way',
      inFlight: 2000,
      records: records / 5,
    },
    { name: 'consume', title: 'consume by record', load: 'consume', records },
    { name: 'batches', title: 'consume by batch, every value looked at', load: 'batches', records },
  ].map((one) => ({ load: 'single', inFlight: 4, perSend: 1, ...one }) as Load);
  const chosen = loads.split(',');
  return loads === '' ? all : all.filter(({ name }) => chosen.includes(name));
}

async function clientsOf({ clients, scratch }: ClientsOptions): Promise<readonly ClientProgram[]> {
  const native = (await kcatMissing()) === undefined ? [kcatClient(scratch)] : [];
  const chosen = clients.split(',');
  return [...(await nodeClients()), ...native].filter(({ name }) => clients === '' || chosen.includes(name));
}

/**
 * The clients, each in a process of its own, take turns at one broker. All read the same log, which the first of them wrote. A load is done
 * by those that have a way to do it.
 */
export async function measureClients(peer: BrokerPeer, options: ClientsOptions): Promise<readonly Measurement[]> {
  const loads = loadsOf(options);
  const clients = await clientsOf(options);
  const directory = await mkdtemp(join(tmpdir(), 'ks-bench-clients-'));
  const samples = new Map<string, ClientOutcome[]>();
  const broker = await peer.start(join(directory, 'broker'));
  const runOnce = (client: ClientProgram, load: Load, topic: string): Promise<ClientOutcome> => {
    const { recordBytes, compression } = options;
    return client.run({ ...load, topic, recordBytes, compression, bootstrap: broker.bootstrap });
  };
  try {
    const [writer] = clients;
    if (writer !== undefined && loads.some(isConsuming)) {
      await createTopic(broker, { topic: 'log', partitions: 1 });
      const { records } = options;
      await runOnce(writer, { name: '', title: '', load: 'batched', perSend: 1000, inFlight: 4, records }, 'log');
    }
    for (let round = 0; round < options.rounds; round++) {
      for (const load of loads) {
        for (const client of clients) {
          if (!client.can({ ...load, ...options })) continue;
          const topic = isConsuming(load) ? 'log' : `${load.name}-${round}-${client.name.replace(/\W/g, '')}`;
          if (!isConsuming(load)) await createTopic(broker, { topic, partitions: 1 });
          const key = `${load.name} ${client.name}`;
          samples.set(key, [...(samples.get(key) ?? []), await runOnce(client, load, topic)]);
          if (!isConsuming(load)) await deleteTopic(broker, { topic });
        }
      }
    }
  } finally {
    await broker.stop();
    await rm(directory, { recursive: true, force: true });
  }
  return loads.flatMap((load) => rowsOf(load, clients, samples, peer, options));
}

/** A row for each client, and what ours come to beside the others. */
function rowsOf(
  load: Load,
  clients: readonly ClientProgram[],
  samples: ReadonlyMap<string, readonly ClientOutcome[]>,
  peer: BrokerPeer,
  { recordBytes, compression }: ClientsOptions,
): readonly Measurement[] {
  const scenario = `${load.title}, ${recordBytes} B${compression === 'none' ? '' : `, ${compression}`}`;
  const rows = clients.flatMap((client) => {
    const found = samples.get(`${load.name} ${client.name}`);
    if (found === undefined) return [];
    const values = {
      'records/s': median(found.map((one) => one.records / one.seconds)),
      'records per CPU s': median(found.map((one) => one.records / one.cpuSeconds)),
      [LOOP_DELAY]: median(found.map((one) => one.loopDelayP99Ms)),
    };
    return [{ scenario, peer: peer.version(), client: `${client.name} ${client.version}`, values }];
  });
  return [...rows, ...rows.filter(isOurs).flatMap((ours) => ratioOf(ours, rows))];
}

function isOurs({ client }: Measurement): boolean {
  return client.startsWith('@ks/client');
}

/** One of our rows divided by the best of the others that run in Node.js. */
function ratioOf(ours: Measurement, rows: readonly Measurement[]): readonly Measurement[] {
  const others = rows.filter((row) => !isOurs(row) && !Number.isNaN(row.values[LOOP_DELAY]));
  if (others.length === 0) return [];
  const values = Object.fromEntries(
    Object.entries(ours.values).map(([name, value]) => {
      const theirs = others.map((other) => other.values[name] ?? Number.NaN);
      return [name, value / (name === LOOP_DELAY ? Math.min(...theirs) : Math.max(...theirs))];
    }),
  );
  return [{ ...ours, peer: '**ratio to the best other**', client: ours.client.replace(/ 0\.\d\.\d/, ''), values }];
}
