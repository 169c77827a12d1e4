import { execFile, spawn } from 'node:child_process';
import { createWriteStream, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { LoadClient, LoadOptions, LoadResult } from './load.ts';

const run = promisify(execFile);

/** librdkafka's settings for a reader that keeps up. */
export const consumerFlags = [
  'fetch.message.max.bytes=1048576',
  'queued.max.messages.kbytes=262144',
  'check.crcs=false',
].flatMap((setting) => ['-X', setting]);

/** A file of lines of `recordBytes` each (without the newline), half text, half noise of hex digits, so that codecs have work. */
export async function inputFile(options: Pick<LoadOptions, 'scratch' | 'recordBytes' | 'records'>): Promise<string> {
  const path = join(options.scratch, `lines-${options.recordBytes}-${options.records}`);
  if (existsSync(path)) return path;
  const out = createWriteStream(path);
  let seed = 12345;
  const noise = (): string => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed.toString(16).padStart(8, '0');
  };
  const perChunk = 1000;
  for (let from = 0; from < options.records; from += perChunk) {
    let chunk = '';
    for (let index = from; index < Math.min(options.records, from + perChunk); index++) {
      let line = `{"id":${String(index).padStart(10, '0')},"text":"`;
      while (line.length < options.recordBytes) line += `${noise()} streams `;
      chunk += `${line.slice(0, options.recordBytes)}\n`;
    }
    if (!out.write(chunk)) await new Promise<void>((resolve) => out.once('drain', () => resolve()));
  }
  out.end();
  await finished(out);
  return path;
}

async function timed(args: readonly string[], input: string | undefined, options: LoadOptions): Promise<LoadResult> {
  const from = performance.now();
  const child = spawn('kcat', [...args], {
    stdio: [input === undefined ? 'ignore' : openSync(input, 'r'), 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2000);
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`kcat ended with ${code}: ${complaint}`);
  return {
    records: options.records,
    bytes: options.records * options.recordBytes,
    seconds: (performance.now() - from) / 1000,
  };
}

/** kcat over librdkafka: one producer or consumer in C. */
export const kcat: LoadClient = {
  name: 'kcat',
  async version() {
    const { stdout } = await run('kcat', ['-V']);
    return `kcat ${/Version (\S+)/.exec(stdout)?.[1]} (librdkafka ${/librdkafka (\S+)/.exec(stdout)?.[1]})`;
  },
  missing: () =>
    run('kcat', ['-V']).then(
      () => undefined,
      () => 'kcat is not on PATH (package kcat)',
    ),
  async produce(broker, options) {
    const input = await inputFile(options);
    const settings = {
      acks: String(options.acks),
      'batch.size': String(options.batchBytes),
      'linger.ms': '5',
      'batch.num.messages': '100000',
      'queue.buffering.max.messages': '500000',
      'compression.codec': options.compression,
      'enable.idempotence': String(options.delivery === 'idempotent'),
    };
    if (options.delivery === 'transactional') throw new Error('kcat has no transactions: use --client java');
    const flags = Object.entries(settings).flatMap(([key, value]) => ['-X', `${key}=${value}`]);
    const partition = options.partitions === 1 ? ['-p', '0'] : [];
    return timed(['-P', '-b', broker.bootstrap, '-t', options.topic, ...partition, ...flags], input, options);
  },
  async consume(broker, options) {
    return timed(
      [
        '-C',
        '-b',
        broker.bootstrap,
        '-t',
        options.topic,
        ...(options.partitions === 1 ? ['-p', '0'] : []),
        '-o',
        'beginning',
        '-c',
        String(options.records),
        '-e',
        '-q',
        ...consumerFlags,
      ],
      undefined,
      options,
    );
  },
};
