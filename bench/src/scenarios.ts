import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoadClient, LoadOptions } from './loads/load.ts';
import { processesUsage, processUsage } from './measure/process-usage.ts';
import { median } from './measure/statistics.ts';
import { touchMemory } from './measure/touch-memory.ts';
import type { BrokerPeer, RunningBroker } from './peers/broker-peer.ts';
import { sideBySide } from './peers/side-by-side.ts';
import { createTopic, deleteTopic } from './peers/topics.ts';
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

/** One kind of load over one peer. */
interface Series {
  readonly kind: 'produce' | 'consume';
  readonly peer: BrokerPeer;
  readonly options: LoadOptions;
  readonly samples: Sample[];
}

function describe({ kind, options }: Series): string {
  const { recordBytes, partitions, acks, compression, delivery } = options;
  const acknowledged = kind === 'consume' ? '' : `, acks ${acks === -1 ? 'all' : acks}`;
  const special = kind === 'consume' || delivery === 'plain' ? '' : `, ${delivery}`;
  return `${kind} ${recordBytes} B, ${partitions} partition${partitions === 1 ? '' : 's'}, ${compression}${acknowledged}${special}`;
}

/**
 * Produce, then consume what was just written (page cache), in rounds, the peers side by side, each alive through all its rounds and
 * all loads.
 */
export async function measureLoads(
  peers: readonly BrokerPeer[],
  client: LoadClient,
  loads: readonly LoadOptions[],
  rounds: number,
): Promise<readonly Measurement[]> {
  const all: Series[] = [];
  await sideBySide(peers, async (running) => {
    for (const [index, load] of loads.entries()) {
      const series = (['produce', 'consume'] as const).flatMap((kind) =>
        running.map(({ peer }) => ({ kind, peer, options: load, samples: [] as Sample[] })),
      );
      all.push(...series);
      // The first round warms both up and is not counted.
      for (let round = 0; round <= rounds; round++) {
        for (const { peer, broker } of running) {
          const options = { ...load, topic: `${load.topic}-${index}-${round}` };
          await createTopic(broker, options);
          for (const kind of ['produce', 'consume'] as const) {
            const sample = await sampleOf(client, kind, broker, options);
            if (round > 0) series.find((one) => one.kind === kind && one.peer === peer)?.samples.push(sample);
          }
          await deleteTopic(broker, options);
        }
      }
    }
  });
  const version = await client.version();
  return merged(all).map((series) => measurementOf(series, version));
}

/** Loads that differ only in what a reader cannot see, such as acknowledgements, are one series for consumers. */
function merged(all: readonly Series[]): readonly Series[] {
  const byName = new Map<string, Series>();
  for (const series of all) {
    const name = `${describe(series)} ${series.peer.name}`;
    const known = byName.get(name);
    byName.set(name, { ...series, samples: [...(known?.samples ?? []), ...series.samples] });
  }
  return [...byName.values()];
}

async function sampleOf(
  client: LoadClient,
  kind: 'produce' | 'consume',
  broker: RunningBroker,
  options: LoadOptions,
): Promise<Sample> {
  if (kind === 'produce') await touchMemory(options.records * options.recordBytes * broker.replicationFactor);
  const before = processesUsage(broker.pids);
  const result = await client[kind](broker, options);
  const after = processesUsage(broker.pids);
  return {
    megabytesPerSecond: result.bytes / megabyte / result.seconds,
    cpuSecondsPerGigabyte: (after.cpuSeconds - before.cpuSeconds) / (result.bytes / 1e9),
    peakMegabytes: after.peakResidentBytes / megabyte,
    p50Ms: result.latencyMs?.p50 ?? Number.NaN,
    p99Ms: result.latencyMs?.p99 ?? Number.NaN,
  };
}

function measurementOf(series: Series, client: string): Measurement {
  const of = (pick: (sample: Sample) => number): number => median(series.samples.map(pick));
  return {
    scenario: describe(series),
    peer: series.peer.version(),
    client,
    values: {
      'MB/s': of((sample) => sample.megabytesPerSecond),
      'broker CPU s/GB': of((sample) => sample.cpuSecondsPerGigabyte),
      'peak MB': of((sample) => sample.peakMegabytes),
      'p50 ms': of((sample) => sample.p50Ms),
      'p99 ms': of((sample) => sample.p99Ms),
    },
  };
}
