import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { median } from './measure/statistics.ts';
import type { BrokerPeer, RunningBroker } from './peers/broker-peer.ts';
import { sideBySide } from './peers/side-by-side.ts';
import { kafkaClassPath, kafkaVersion } from './peers/kafka.ts';
import type { Measurement } from './report.ts';

const run = promisify(execFile);

/** A steady load: so many records a second, of 1 KB, acknowledged by all. */
export interface SteadyLoad {
  readonly recordsPerSecond: number;
  readonly seconds: number;
}

type Row = Readonly<Record<string, number>>;

async function java(main: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run('java', ['-Xmx512M', '-cp', kafkaClassPath, main, ...args], { maxBuffer: 16 << 20 });
  return stdout;
}

/** Send to acknowledgement at a fixed rate, in milliseconds. */
async function acknowledged(broker: RunningBroker, topic: string, load: SteadyLoad): Promise<Row> {
  const printed = await java('org.apache.kafka.tools.ProducerPerformance', [
    ...['--topic', topic, '--record-size', '1024'],
    ...['--num-records', String(load.recordsPerSecond * load.seconds), '--throughput', String(load.recordsPerSecond)],
    ...['--command-property', `bootstrap.servers=${broker.bootstrap}`, 'acks=all', 'linger.ms=0'],
  ]);
  const last = printed.trim().split('\n').at(-1) ?? '';
  const percentile = (name: string): number => Number(new RegExp(`([\\d.]+) ms ${name}`).exec(last)?.[1]);
  return { 'ack p50 ms': percentile('50th'), 'ack p99 ms': percentile('99th'), 'ack p99.9 ms': percentile('99\\.9th') };
}

/** One record after the other, from send to receipt by a consumer. */
async function endToEnd(broker: RunningBroker, topic: string): Promise<Row> {
  const printed = await java('org.apache.kafka.tools.EndToEndLatency', [
    ...['--bootstrap-server', broker.bootstrap, '--topic', topic],
    ...['--num-records', '10000', '--producer-acks', 'all', '--record-size', '1024'],
  ]);
  const percentile = (name: string): number => Number(new RegExp(`${name} = (\\d+)`).exec(printed)?.[1]);
  return {
    'end to end mean ms': Number(/Avg latency: ([\d.]+)/.exec(printed)?.[1]),
    'end to end p99 ms': percentile('99th'),
    'end to end p99.9 ms': percentile('99\\.9th'),
  };
}

/** Latencies in rounds, the peers side by side; the first round warms up. */
export async function measureLatency(
  peers: readonly BrokerPeer[],
  load: SteadyLoad,
  rounds: number,
): Promise<readonly Measurement[]> {
  const samples = new Map<string, Row[]>(peers.map((peer) => [peer.name, []]));
  await sideBySide(peers, async (running) => {
    for (let round = 0; round <= rounds; round++) {
      for (const { peer, broker } of running) {
        const row = {
          ...(await acknowledged(broker, `steady-${round}`, load)),
          ...(await endToEnd(broker, `echo-${round}`)),
        };
        if (round > 0) samples.get(peer.name)?.push(row);
      }
    }
  });
  return peers.map((peer) => {
    const rows = samples.get(peer.name) ?? [];
    const names = Object.keys(rows[0] ?? {});
    return {
      scenario: `latency, 1 KB records, acks all, ${load.recordsPerSecond} a second`,
      peer: peer.version(),
      client: `Apache Kafka ${kafkaVersion()} ProducerPerformance and EndToEndLatency`,
      values: Object.fromEntries(names.map((name) => [name, median(rows.map((row) => row[name] ?? Number.NaN))])),
    };
  });
}
