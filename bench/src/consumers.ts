import { kcat } from './loads/kcat.ts';
import { catchUp, follow } from './loads/kcat-consumers.ts';
import type { LoadOptions, LoadResult } from './loads/load.ts';
import { processUsage } from './measure/process-usage.ts';
import { median } from './measure/statistics.ts';
import { touchMemory } from './measure/touch-memory.ts';
import type { BrokerPeer, RunningBroker } from './peers/broker-peer.ts';
import { type PeerAtWork, sideBySide } from './peers/side-by-side.ts';
import { createTopic, deleteTopic } from './peers/topics.ts';
import type { Measurement } from './report.ts';

const megabyte = 1024 * 1024;

/** A way to read, and by how many at once. */
export interface Readers {
  readonly kind: 'catch up' | 'tail';
  readonly consumers: number;
}

/** What one round of one peer came to. */
interface Sample {
  readonly peer: BrokerPeer;
  readonly readers: Readers;
  readonly values: Readonly<Record<string, number>>;
}

/** The name of a row: what is read counts, and for readers at the log's end the producer that they follow. */
export function describeReaders({ kind, consumers }: Readers, { recordBytes, partitions }: LoadOptions): string {
  const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  const beside = kind === 'tail' ? ', beside the producer' : '';
  return `consume, ${kind}, ${many(consumers, 'consumer')}, ${recordBytes} B, ${many(partitions, 'partition')}${beside}`;
}

/**
 * Consumers of librdkafka, one and many: `catch up` reads records that are all there, from the beginning; `tail` follows a producer at
 * full speed, whose own cost is in the figures. In rounds, the peers side by side; the first round warms up.
 */
export async function measureConsumers(
  peers: readonly BrokerPeer[],
  options: LoadOptions,
  kinds: readonly Readers[],
  rounds: number,
): Promise<readonly Measurement[]> {
  const client = await kcat.version();
  const samples: Sample[] = [];
  await sideBySide(peers, async (running) => {
    for (let round = 0; round <= rounds; round++) {
      for (const readers of kinds) {
        for (const at of running) {
          const topic = `${options.topic}-${readers.kind.replace(' ', '-')}-${readers.consumers}-${round}`;
          const sample = await sampleOf(at, { ...options, topic }, readers);
          if (round > 0) samples.push(sample);
        }
      }
    }
  });
  return kinds.flatMap((readers) =>
    peers.map((peer) => ({
      scenario: describeReaders(readers, options),
      peer: peer.version(),
      client,
      values: medians(samples.filter((sample) => sample.peer === peer && sample.readers === readers)),
    })),
  );
}

async function sampleOf({ peer, broker }: PeerAtWork, options: LoadOptions, readers: Readers): Promise<Sample> {
  await createTopic(broker, options);
  try {
    if (readers.kind === 'catch up') await kcat.produce(broker, options);
    if (readers.kind === 'tail') await touchMemory(options.records * options.recordBytes);
    const before = processUsage(broker.pid).cpuSeconds;
    const result = await read(broker, options, readers);
    const cpuSeconds = processUsage(broker.pid).cpuSeconds - before;
    const values = {
      'MB/s': result.bytes / megabyte / result.seconds,
      'broker CPU s/GB': cpuSeconds / (result.bytes / 1e9),
    };
    return { peer, readers, values };
  } finally {
    await deleteTopic(broker, options);
  }
}

function read(broker: RunningBroker, options: LoadOptions, { kind, consumers }: Readers): Promise<LoadResult> {
  return kind === 'tail' ? follow(broker, options, consumers) : catchUp(broker, options, consumers);
}

function medians(samples: readonly Sample[]): Readonly<Record<string, number>> {
  const names = Object.keys(samples[0]?.values ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(samples.map((sample) => sample.values[name] ?? Number.NaN))]),
  );
}
