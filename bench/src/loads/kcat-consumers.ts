import { type ChildProcess, spawn } from 'node:child_process';
import type { RunningBroker } from '../peers/broker-peer.ts';
import { consumerFlags, inputFile, kcat } from './kcat.ts';
import type { LoadOptions, LoadResult } from './load.ts';

/** A kcat that reads. */
interface Reader {
  /** It has reached the end of every partition. */
  readonly ready: Promise<void>;
  /** It has read all it was asked for. */
  readonly done: Promise<void>;
  kill(): void;
}

/** How many partitions a reader has come to the end of, by what kcat said on its standard error. */
export function countEnds(complaints: string): number {
  return new Set(complaints.match(/^% Reached end of topic \S+ \[\d+\]/gm)).size;
}

function start(broker: RunningBroker, options: LoadOptions, from: 'beginning' | 'end'): Reader {
  const partition = options.partitions === 1 ? ['-p', '0'] : [];
  const place = ['-b', broker.bootstrap, '-t', options.topic, ...partition, '-o', from, '-c', String(options.records)];
  const child: ChildProcess = spawn('kcat', ['-C', ...place, ...consumerFlags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  const ready = Promise.withResolvers<void>();
  const done = Promise.withResolvers<void>();
  child.stderr?.on('data', (chunk: Buffer) => {
    // A reader of old records says nothing of worth here, one that waits for new ones says each end once.
    said = (said + chunk.toString()).slice(-(1 << 20));
    if (countEnds(said) >= options.partitions) ready.resolve();
  });
  child.once('error', done.reject);
  child.once('close', (code) => {
    if (code === 0) return done.resolve();
    const error = new Error(`a kcat consumer ended with ${code}: ${said.slice(-2000)}`);
    ready.reject(error);
    done.reject(error);
  });
  // Whoever waits for one of the two still hears of it.
  for (const { promise } of [ready, done]) promise.catch(() => undefined);
  return { ready: ready.promise, done: done.promise, kill: () => void child.kill('SIGKILL') };
}

function resultOf(options: LoadOptions, consumers: number, fromMs: number): LoadResult {
  const records = options.records * consumers;
  return { records, bytes: records * options.recordBytes, seconds: (performance.now() - fromMs) / 1000 };
}

/** So many readers at once, each for itself and from the beginning, of records that are all there. */
export async function catchUp(broker: RunningBroker, options: LoadOptions, consumers: number): Promise<LoadResult> {
  const from = performance.now();
  const readers = Array.from({ length: consumers }, () => start(broker, options, 'beginning'));
  try {
    await Promise.all(readers.map(({ done }) => done));
  } finally {
    for (const reader of readers) reader.kill();
  }
  return resultOf(options, consumers, from);
}

/** So many readers at the end of the log while one producer writes as fast as it can: from its start until all have read all. */
export async function follow(broker: RunningBroker, options: LoadOptions, consumers: number): Promise<LoadResult> {
  await inputFile(options);
  const readers = Array.from({ length: consumers }, () => start(broker, options, 'end'));
  try {
    await Promise.all(readers.map(({ ready }) => ready));
    const from = performance.now();
    await Promise.all([kcat.produce(broker, options), ...readers.map(({ done }) => done)]);
    return resultOf(options, consumers, from);
  } finally {
    for (const reader of readers) reader.kill();
  }
}
