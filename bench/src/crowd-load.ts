import { connectionsTo, type Crowd } from './crowd.ts';
import type { LoadClient, LoadOptions } from './loads/load.ts';
import { processUsage } from './measure/process-usage.ts';
import { median } from './measure/statistics.ts';
import { touchMemory } from './measure/touch-memory.ts';
import type { BrokerPeer, RunningBroker } from './peers/broker-peer.ts';
import { sideBySide } from './peers/side-by-side.ts';
import { createTopic, deleteTopic } from './peers/topics.ts';
import type { Measurement } from './report.ts';

const megabyte = 1024 * 1024;

/** One produce load: what it reached, and what it cost. */
interface Load {
  readonly megabytesPerSecond: number;
  readonly cpuSecondsPerGigabyte: number;
}

async function load(client: LoadClient, broker: RunningBroker, options: LoadOptions): Promise<Load> {
  await touchMemory(options.records * options.recordBytes);
  const before = processUsage(broker.pid).cpuSeconds;
  const { bytes, seconds } = await client.produce(broker, options);
  const cpuSeconds = processUsage(broker.pid).cpuSeconds - before;
  return { megabytesPerSecond: bytes / megabyte / seconds, cpuSecondsPerGigabyte: cpuSeconds / (bytes / 1e9) };
}

/** The values of a row: medians of rounds, and the share of the throughput over one partition that is left in the crowd. */
export function compareLoads(
  alone: readonly Load[],
  crowded: readonly Load[],
): Readonly<Record<'one MB/s' | 'crowd MB/s' | 'crowd / one' | 'one CPU s/GB' | 'crowd CPU s/GB', number>> {
  const rate = (loads: readonly Load[]): number => median(loads.map((each) => each.megabytesPerSecond));
  const cost = (loads: readonly Load[]): number => median(loads.map((each) => each.cpuSecondsPerGigabyte));
  return {
    'one MB/s': rate(alone),
    'crowd MB/s': rate(crowded),
    'crowd / one': rate(crowded) / rate(alone),
    'one CPU s/GB': cost(alone),
    'crowd CPU s/GB': cost(crowded),
  };
}

/**
 * One producer, first to a topic of one partition in a broker that has nothing else, then to all of many partitions beside many silent
 * connections. The first round of each warms up.
 */
export async function measureCrowdLoad(
  peers: readonly BrokerPeer[],
  client: LoadClient,
  options: LoadOptions,
  crowd: Crowd,
  rounds: number,
): Promise<readonly Measurement[]> {
  const alone = new Map<BrokerPeer, Load[]>(peers.map((peer) => [peer, []]));
  const crowded = new Map<BrokerPeer, Load[]>(peers.map((peer) => [peer, []]));
  await sideBySide(peers, async (running) => {
    for (let round = 0; round <= rounds; round++) {
      for (const { peer, broker } of running) {
        const one = { ...options, topic: `${options.topic}-one-${round}`, partitions: 1 };
        await createTopic(broker, one);
        const measured = await load(client, broker, one);
        if (round > 0) alone.get(peer)?.push(measured);
        await deleteTopic(broker, one);
      }
    }
    for (const { peer, broker } of running) {
      const many = { ...options, topic: `${options.topic}-crowd`, partitions: crowd.partitions };
      await createTopic(broker, many);
      const sockets = await connectionsTo(broker, crowd.connections);
      for (let round = 0; round <= rounds; round++) {
        const measured = await load(client, broker, many);
        if (round > 0) crowded.get(peer)?.push(measured);
      }
      for (const socket of sockets) socket.destroy();
    }
  });
  const version = await client.version();
  return peers.map((peer) => ({
    scenario: `produce ${options.recordBytes} B, one partition, then ${crowd.partitions} and ${crowd.connections} connections`,
    peer: peer.version(),
    client: version,
    values: compareLoads(alone.get(peer) ?? [], crowded.get(peer) ?? []),
  }));
}
