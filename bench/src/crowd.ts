import { mkdtemp, rm } from 'node:fs/promises';
import { connect as dial, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@ks/client';
import { apiVersionsRequest } from './measure/first-answer.ts';
import { processUsage } from './measure/process-usage.ts';
import type { BrokerPeer, RunningBroker } from './peers/broker-peer.ts';
import type { Measurement } from './report.ts';

const megabyte = 1024 * 1024;
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** How many partitions and clients the broker carries while it rests. */
export interface Crowd {
  readonly partitions: number;
  readonly connections: number;
}

/** Starts over a directory with many partitions, and rests with many connections. */
export async function measureCrowd(peers: readonly BrokerPeer[], crowd: Crowd): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (const peer of peers) {
    const directory = await mkdtemp(join(tmpdir(), `ks-bench-${peer.name}-`));
    try {
      const first = await peer.start(directory);
      const createMs = await createPartitions(first, crowd.partitions);
      await first.stop();
      const broker = await peer.start(directory);
      try {
        measurements.push({
          scenario: `${crowd.partitions} partitions, ${crowd.connections} connections`,
          peer: peer.version(),
          client: '-',
          values: { 'create ms': createMs, 'start ms': broker.startMs, ...(await rest(broker, crowd.connections)) },
        });
      } finally {
        await broker.stop();
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
  return measurements;
}

async function createPartitions(broker: RunningBroker, partitions: number): Promise<number> {
  await using ks = await connect({ brokers: [broker.bootstrap] });
  const from = performance.now();
  await ks.admin.createTopic('crowd', { partitions, replicationFactor: 1 });
  const producer = ks.producer();
  const value = new Uint8Array(100);
  await Promise.all(
    Array.from({ length: partitions }, (_, partition) => producer.send('crowd', { key: null, value, partition })),
  );
  return performance.now() - from;
}

async function rest(broker: RunningBroker, connections: number): Promise<Readonly<Record<string, number>>> {
  const sockets = await connectionsTo(broker, connections);
  await pause(5000);
  const before = processUsage(broker.pid);
  const restMs = 10_000;
  await pause(restMs);
  const after = processUsage(broker.pid);
  for (const socket of sockets) socket.destroy();
  return {
    'idle CPU %': ((after.cpuSeconds - before.cpuSeconds) / restMs) * 1000 * 100,
    'idle MB': after.residentBytes / megabyte,
  };
}

/** So many connections that were answered once and then say nothing. */
export function connectionsTo(broker: RunningBroker, count: number): Promise<readonly Socket[]> {
  return Promise.all(Array.from({ length: count }, () => answered(broker.bootstrap)));
}

/** A connection that has asked for ApiVersions and was answered. */
function answered(bootstrap: string): Promise<Socket> {
  const [host, port] = bootstrap.split(':');
  return new Promise((resolve, reject) => {
    const socket = dial({ host: host ?? '', port: Number(port) }, () => socket.write(apiVersionsRequest));
    socket.once('error', reject);
    socket.once('data', () => resolve(socket));
  });
}
