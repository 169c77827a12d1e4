import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChildProcess, spawn } from 'node:child_process';
import { kcat } from '../kcat.ts';
import { kafkaClassPath } from '../kafka/kafka-jars.ts';
import { checkPartition, type Worker } from '../kill-rounds/worker.ts';
import { pause } from './fault-cluster.ts';

/** Longest wait for what is under way at the end. */
const PATIENCE_MS = 60_000;

interface Told {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

/** Kafka's own `VerifiableProducer`, idempotent and patient: what it was told is at its offset, each record once, in order. */
export function javaProducer(directory: string): Worker {
  const topic = 'java-idempotent';
  const told: Told[] = [];
  const broken: string[] = [];
  return {
    topic,
    async run(bootstrap, isOver) {
      const config = join(directory, 'java-producer.properties');
      await writeFile(config, 'enable.idempotence=true\nretries=2147483647\nrequest.timeout.ms=5000\nlinger.ms=2\n');
      const child = spawn(
        'java',
        [
          ...['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx128M', '-cp', kafkaClassPath],
          ...['org.apache.kafka.tools.VerifiableProducer', '--bootstrap-server', bootstrap, '--topic', topic],
          ...['--throughput', '150', '--acks', '-1', '--command-config', config],
        ],
        { stdio: ['ignore', 'pipe', 'ignore'] },
      );
      const ended = linesOf(child, (line) => {
        if (!line.startsWith('{')) return;
        const { name, partition, offset, value, message } = JSON.parse(line) as Record<string, unknown>;
        if (name === 'producer_send_success')
          told.push({ partition: Number(partition), offset: Number(offset), value: String(value) });
        else if (name === 'producer_send_error') broken.push(`${topic}: ${value} was refused for good: ${message}`);
      });
      while (!isOver() && child.exitCode === null) await pause(50);
      // It stops sending and waits for what is under way.
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await ended;
      clearTimeout(timer);
    },
    acknowledged: () => told.length,
    async check({ bootstrap }) {
      const out = await kcat(bootstrap, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%p %o %s\n']);
      return [...broken, ...compareTold(topic, told, out.split('\n').slice(0, -1))];
    },
  };
}

/** `found`: lines of partition, offset and value. */
export function compareTold(topic: string, told: readonly Told[], found: readonly string[]): readonly string[] {
  const values = new Map<number, string[]>();
  const places = new Set<string>();
  for (const line of found) {
    const [partition, , value = ''] = line.split(' ');
    const all = values.get(Number(partition)) ?? [];
    all.push(value);
    values.set(Number(partition), all);
    places.add(line);
  }
  const misplaced = told
    .filter(({ partition, offset, value }) => !places.has(`${partition} ${offset} ${value}`))
    .map(
      ({ partition, offset, value }) => `${topic}-${partition}: ${value} is not at ${offset}, where it was told to be`,
    );
  const byPartition = Map.groupBy(told, ({ partition }) => partition);
  const lost = [...byPartition].flatMap(([partition, all]) => {
    // Call-backs come by batch, and a batch that was tried again after another's: by offset they are as they were sent.
    const inOrder = all.toSorted((a, b) => Number(a.value) - Number(b.value)).map(({ value }) => value);
    return checkPartition(`${topic}-${partition}`, inOrder, values.get(partition) ?? [], true);
  });
  return [...misplaced, ...lost];
}

function linesOf(child: ChildProcess, take: (line: string) => void): Promise<void> {
  let half = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (half + chunk.toString()).split('\n');
    half = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
  return new Promise((resolve) => child.once('close', () => resolve()));
}
