// npm run bench -- --scenario start|load|matrix|consumers|crowd|crowd-load|latency|clients|all --peers ks,kafka --brokers 1|3 --client kcat|java --records N --bytes N --rounds N --json
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { measureClients } from './clients/measure-clients.ts';
import { measureConsumers } from './consumers.ts';
import { measureCrowd } from './crowd.ts';
import { measureCrowdLoad } from './crowd-load.ts';
import { measureLatency } from './latency.ts';
import { java } from './loads/java.ts';
import { kcat } from './loads/kcat.ts';
import type { LoadOptions } from './loads/load.ts';
import { chosen, matrix } from './matrix.ts';
import { kafka, kafkaCluster } from './peers/kafka.ts';
import { ks, ksCluster } from './peers/ks.ts';
import { type Measurement, renderTable } from './report.ts';
import { measureLoads, measureStart } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'all' },
    peers: { type: 'string', default: 'ks,kafka' },
    client: { type: 'string', default: 'kcat' },
    records: { type: 'string', default: '1000000' },
    bytes: { type: 'string', default: '1024' },
    batch: { type: 'string', default: '262144' },
    acks: { type: 'string', default: '1' },
    compression: { type: 'string', default: 'none' },
    brokers: { type: 'string', default: '1' },
    partitions: { type: 'string', default: '1' },
    connections: { type: 'string', default: '2000' },
    consumers: { type: 'string', default: '1,10' },
    delivery: { type: 'string', default: 'plain' },
    rounds: { type: 'string', default: '3' },
    loads: { type: 'string', default: '' },
    clients: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const peers = [];
if (!['1', '3'].includes(values.brokers)) throw new Error('--brokers is 1 or 3');
for (const peer of values.brokers === '3' ? [ksCluster, kafkaCluster] : [ks, kafka]) {
  if (!values.peers.split(',').includes(peer.name)) continue;
  const missing = await peer.missing();
  if (missing === undefined) peers.push(peer);
  else say(`${peer.name} is left out: ${missing}`);
}
const client = [kcat, java].find((known) => known.name === values.client);
if (client === undefined) throw new Error(`unknown client ${values.client}; known are kcat, java`);
const missing = await client.missing();
if (missing !== undefined) throw new Error(missing);

const scratch = await mkdtemp(join(tmpdir(), 'ks-bench-input-'));
const options: LoadOptions = {
  topic: 'bench',
  records: Number(values.records),
  recordBytes: Number(values.bytes),
  batchBytes: Number(values.batch),
  acks: values.acks === 'all' ? -1 : values.acks === '0' ? 0 : 1,
  partitions: Number(values.partitions),
  delivery: (['idempotent', 'transactional'] as const).find((known) => known === values.delivery) ?? 'plain',
  compression: (['gzip', 'snappy', 'lz4', 'zstd'] as const).find((known) => known === values.compression) ?? 'none',
  scratch,
};
const measurements: Measurement[] = [];
try {
  if (values.scenario === 'start' || values.scenario === 'all')
    measurements.push(...(await measureStart(peers, Number(values.rounds))));
  if (values.scenario === 'load' || values.scenario === 'all')
    measurements.push(...(await measureLoads(peers, client, [options], Number(values.rounds))));
  const crowd = { partitions: Number(values.partitions), connections: Number(values.connections) };
  if (values.scenario === 'crowd') measurements.push(...(await measureCrowd(peers, crowd)));
  if (values.scenario === 'crowd-load')
    measurements.push(...(await measureCrowdLoad(peers, client, options, crowd, Number(values.rounds))));
  if (values.scenario === 'consumers') {
    const kinds = (['catch up', 'tail'] as const).flatMap((kind) =>
      values.consumers.split(',').map((count) => ({ kind, consumers: Number(count) })),
    );
    measurements.push(...(await measureConsumers(peers, options, kinds, Number(values.rounds))));
  }
  if (values.scenario === 'latency')
    measurements.push(...(await measureLatency(peers, { recordsPerSecond: 5000, seconds: 10 }, Number(values.rounds))));
  if (values.scenario === 'clients') {
    const [peer] = peers;
    const clients = {
      records: Number(values.records),
      recordBytes: Number(values.bytes),
      rounds: Number(values.rounds),
      compression: (['gzip', 'lz4', 'zstd'] as const).find((known) => known === values.compression) ?? 'none',
      loads: values.loads,
      clients: values.clients,
      scratch,
    } as const;
    if (peer) measurements.push(...(await measureClients(peer, clients)));
  }
  if (values.scenario === 'matrix')
    measurements.push(
      ...(await measureLoads(
        peers,
        client,
        chosen(matrix(options, client.name === 'java'), values.loads),
        Number(values.rounds),
      )),
    );
} finally {
  await rm(scratch, { recursive: true, force: true });
}
process.stdout.write(values.json ? `${JSON.stringify(measurements, null, 2)}\n` : `${renderTable(measurements)}\n`);
