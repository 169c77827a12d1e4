import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadClient, LoadOptions } from './loads/load.ts';
import { processUsage } from './measure/process-usage.ts';
import { median } from './measure/statistics.ts';
import type { BrokerPeer, RunningBroker } from './peers/broker-peer.ts';
import type { Measurement } from './report.ts';

const megabyte = 1024 * 1024;
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function withBroker<T>(
  peer: BrokerPeer,
  use: (broker: RunningBroker, directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), `ks-bench-${peer.name}-`));
  try {
    const broker = await peer.start(directory);
    try {
      return await use(broker, directory);
    } finally {
      await broker.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Start over an empty directory to the first answer, and memory after five idle seconds. Peers take turns. */
export async function measureStart(peers: readonly BrokerPeer[], rounds: number): Promise<readonly Measurement[]> {
  const starts = new Map<string, number[]>();
  const memories = new Map<string, number[]>();
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      await withBroker(peer, async (broker) => {
        await pause(5000);
        starts.set(peer.name, [...(starts.get(peer.name) ?? []), broker.startMs]);
        memories.set(peer.name, [
          ...(memories.get(peer.name) ?? []),
          processUsage(broker.pid).residentBytes / megabyte,
        ]);
      });
    }
  }
  return peers.map((peer) => ({
    scenario: 'start and idle',
    peer: peer.version(),
    client: '-',
    values: { 'start ms': median(starts.get(peer.name) ?? []), 'idle MB': median(memories.get(peer.name) ?? []) },
  }));
}

interface Sample {
  readonly megabytesPerSecond: number;
  readonly cpuSecondsPerGigabyte: number;
  readonly peakMegabytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Produce, then consume what was just written (page cache), in rounds, the peers side by side, each alive through all its rounds. */
export async function measureLoad(
  peers: readonly BrokerPeer[],
  client: LoadClient,
  options: LoadOptions,
  rounds: number,
): Promise<readonly Measurement[]> {
  const samples = new Map<string, Sample[]>();
  const add = (key: string, sample: Sample): void => void samples.set(key, [...(samples.get(key) ?? []), sample]);
  const directories: string[] = [];
  const brokers: { peer: BrokerPeer; broker: RunningBroker }[] = [];
  try {
    for (const peer of peers) {
      const directory = await mkdtemp(join(tmpdir(), `ks-bench-${peer.name}-`));
      directories.push(directory);
      brokers.push({ peer, broker: await peer.start(directory) });
    }
    // The first round warms both up and is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const { peer, broker } of brokers) {
        const asked = { ...options, topic: `${options.topic}-${round}` };
        for (const kind of ['produce', 'consume'] as const) {
          const before = processUsage(broker.pid);
          const result = await client[kind](broker, asked);
          const after = processUsage(broker.pid);
          if (round === 0) continue;
          add(`${kind} ${peer.name}`, {
            megabytesPerSecond: result.bytes / megabyte / result.seconds,
            cpuSecondsPerGigabyte: (after.cpuSeconds - before.cpuSeconds) / (result.bytes / 1e9),
            peakMegabytes: after.peakResidentBytes / megabyte,
            p50Ms: result.latencyMs?.p50 ?? Number.NaN,
            p99Ms: result.latencyMs?.p99 ?? Number.NaN,
          });
        }
      }
    }
  } finally {
    for (const { broker } of brokers) await broker.stop();
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  }
  const version = await client.version();
  return (['produce', 'consume'] as const).flatMap((kind) =>
    peers.map((peer) => {
      const of = (pick: (sample: Sample) => number): number =>
        median((samples.get(`${kind} ${peer.name}`) ?? []).map(pick));
      return {
        scenario: `${kind} ${options.recordBytes} B, acks ${options.acks}, ${options.compression}`,
        peer: peer.version(),
        client: version,
        values: {
          'MB/s': of((sample) => sample.megabytesPerSecond),
          'broker CPU s/GB': of((sample) => sample.cpuSecondsPerGigabyte),
          'peak MB': of((sample) => sample.peakMegabytes),
          'p50 ms': of((sample) => sample.p50Ms),
          'p99 ms': of((sample) => sample.p99Ms),
        },
      };
    }),
  );
}
