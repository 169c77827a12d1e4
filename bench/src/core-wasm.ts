// node --conditions=@ks/source bench/src/core-wasm.ts [--json] [--rounds 15] [--only lz4] [--sizes 1024,16384,1048576]
//
// Throughput of each function of @ks/core-wasm, in GB of uncompressed bytes per second, beside native packages and plain JavaScript.
// The contestants of one function take turns within a round, so that a busy machine hits them alike.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { type Core, createCore } from '@ks/core-wasm';
import { jsonLines, recordsOf } from './core-wasm-inputs.ts';
import { median } from './measure/statistics.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '15' },
    only: { type: 'string', default: '' },
    sizes: { type: 'string', default: '1024,16384,1048576' },
  },
});

// CommonJS, some without types.
const require = createRequire(import.meta.url);
const nodeRsCrc32 = require('@node-rs/crc32') as { crc32c(data: Uint8Array): number };
const lz4Napi = require('lz4-napi') as {
  compressFrameSync(data: Buffer): Buffer;
  decompressFrameSync(data: Buffer): Buffer;
};
const lz4js = require('lz4js') as { compress(data: Uint8Array): Uint8Array; decompress(data: Uint8Array): Uint8Array };
const lz4jsXxHash = require('lz4js/xxh32.js') as {
  hash(seed: number, data: Uint8Array, start: number, size: number): number;
};
const snappy = require('snappy') as {
  compressSync(data: Uint8Array, options?: { copyOutputData: boolean }): Buffer;
  uncompressSync(data: Uint8Array, options?: { copyOutputData: boolean }): Buffer;
};
const snappyjs = require('snappyjs') as {
  compress(data: Uint8Array): Uint8Array;
  uncompress(data: Uint8Array): Uint8Array;
};

function peerVersion(name: string): string {
  const manifest = join(dirname(require.resolve(name)), 'package.json');
  return `${name} ${(JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version}`;
}

/** How long a measurement is to take at least, so that the clock's resolution does not matter. */
const MEASUREMENT_MS = 8;
const ENTRY_BYTES = 8;

interface Contestant {
  readonly name: string;
  readonly run: () => unknown;
}

interface Contest {
  readonly name: string;
  readonly sizeBytes: number;
  /** Work of one run. Work per nanosecond is what is shown: bytes give GB/s, 1000 for a call gives millions of calls/s. */
  readonly workPerRun: number;
  readonly contestants: readonly Contestant[];
}

interface Result {
  readonly contest: string;
  readonly sizeBytes: number;
  readonly contestant: string;
  /** GB, or what the contest's name says, per second. */
  readonly median: number;
  readonly best: number;
}

const wasm = createCore({ kind: 'wasm', memoryBytes: 8 << 20 });
const reference = createCore({ kind: 'reference' });
const WASM_IN_PLACE = 'ks wasm, in place';
const WASM_STAGED = 'ks wasm, copied in';
const REFERENCE = 'ks plain TypeScript';

function contestsOf(sizeBytes: number): readonly Contest[] {
  const plain = jsonLines(sizeBytes);
  const inPlace = placed(wasm, plain, 0);
  const compressed = { lz4: wasm.lz4Compress(plain), snappy: wasm.snappyCompress(plain) };
  const placedLz4 = placed(wasm, compressed.lz4, 3 << 20);
  const placedSnappy = placed(wasm, compressed.snappy, 5 << 20);
  const peerLz4 = Buffer.from(compressed.lz4);
  const rawSnappy = snappy.compressSync(plain);
  const ours = (
    run: (core: Core, input: Uint8Array) => unknown,
    there: Uint8Array,
    elsewhere: Uint8Array,
  ): Contestant[] => [
    { name: WASM_IN_PLACE, run: () => run(wasm, there) },
    { name: WASM_STAGED, run: () => run(wasm, elsewhere) },
    { name: REFERENCE, run: () => run(reference, elsewhere) },
  ];
  const { records, recordsCount } = recordsOf(sizeBytes);
  const placedRecords = placed(wasm, records, 6 << 20);
  return [
    {
      name: 'crc32c',
      sizeBytes,
      workPerRun: sizeBytes,
      contestants: [
        ...ours((core, input) => core.crc32c(input), inPlace, plain),
        { name: peerVersion('@node-rs/crc32'), run: () => nodeRsCrc32.crc32c(plain) },
      ],
    },
    {
      name: 'xxHash32',
      sizeBytes,
      workPerRun: sizeBytes,
      contestants: [
        ...ours((core, input) => core.xxHash32(input), inPlace, plain),
        { name: peerVersion('lz4js'), run: () => lz4jsXxHash.hash(0, plain, 0, plain.length) },
      ],
    },
    {
      name: 'lz4Compress',
      sizeBytes,
      workPerRun: sizeBytes,
      contestants: [
        ...ours((core, input) => core.lz4Compress(input), inPlace, plain),
        { name: peerVersion('lz4-napi'), run: () => lz4Napi.compressFrameSync(plain) },
        { name: peerVersion('lz4js'), run: () => lz4js.compress(plain) },
      ],
    },
    {
      name: 'lz4Decompress',
      sizeBytes,
      workPerRun: sizeBytes,
      contestants: [
        ...ours((core, input) => core.lz4Decompress(input, sizeBytes), placedLz4, compressed.lz4),
        { name: peerVersion('lz4-napi'), run: () => lz4Napi.decompressFrameSync(peerLz4) },
        { name: peerVersion('lz4js'), run: () => lz4js.decompress(compressed.lz4) },
      ],
    },
    {
      name: 'snappyCompress',
      sizeBytes,
      workPerRun: sizeBytes,
      contestants: [
        ...ours((core, input) => core.snappyCompress(input), inPlace, plain),
        { name: peerVersion('snappy'), run: () => snappy.compressSync(plain) },
        {
          name: `${peerVersion('snappy')}, copyOutputData`,
          run: () => snappy.compressSync(plain, { copyOutputData: true }),
        },
        { name: peerVersion('snappyjs'), run: () => snappyjs.compress(plain) },
      ],
    },
    {
      name: 'snappyDecompress',
      sizeBytes,
      workPerRun: sizeBytes,
      contestants: [
        ...ours((core, input) => core.snappyDecompress(input, sizeBytes), placedSnappy, compressed.snappy),
        { name: peerVersion('snappy'), run: () => snappy.uncompressSync(rawSnappy) },
        {
          name: `${peerVersion('snappy')}, copyOutputData`,
          run: () => snappy.uncompressSync(rawSnappy, { copyOutputData: true }),
        },
        { name: peerVersion('snappyjs'), run: () => snappyjs.uncompress(rawSnappy) },
      ],
    },
    {
      name: `scanRecords (100 B values)`,
      sizeBytes,
      workPerRun: records.length,
      contestants: ours((core, input) => core.scanRecords(input, recordsCount), placedRecords, records),
    },
    {
      name: 'searchOffsetIndex, million searches/s in an index of',
      sizeBytes,
      workPerRun: 1000,
      contestants: indexContestants(sizeBytes),
    },
  ];
}

function indexContestants(sizeBytes: number): Contestant[] {
  const count = Math.floor(sizeBytes / ENTRY_BYTES);
  const entries = Buffer.alloc(count * ENTRY_BYTES);
  for (let slot = 0; slot < count; slot++) entries.writeInt32BE(slot * 30, slot * ENTRY_BYTES);
  const there = placed(wasm, entries, 7 << 20);
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % (count * 30);
  };
  return [
    { name: WASM_IN_PLACE, run: () => wasm.searchOffsetIndex(there, count, next()) },
    { name: `${REFERENCE}, in place`, run: () => reference.searchOffsetIndex(there, count, next()) },
    { name: REFERENCE, run: () => reference.searchOffsetIndex(entries, count, next()) },
  ];
}

function measure(contests: readonly Contest[]): Result[] {
  return contests.flatMap(({ name, sizeBytes, workPerRun, contestants }) => {
    const repetitions = contestants.map(({ run }) => calibrate(run));
    const rates = contestants.map((): number[] => []);
    for (let round = 0; round < Number(options.rounds); round++) {
      contestants.forEach(({ run }, index) => {
        const times = repetitions[index] ?? 1;
        rates[index]?.push((workPerRun * times) / (timeOf(run, times) * 1e6));
      });
    }
    return contestants.map((contestant, index) => ({
      contest: name,
      sizeBytes,
      contestant: contestant.name,
      median: median(rates[index] ?? []),
      best: Math.max(...(rates[index] ?? [])),
    }));
  });
}

/** Runs until the compilers have settled and says how many repetitions fill a measurement. */
function calibrate(run: () => unknown): number {
  timeOf(run, 50);
  let times = 1;
  while (timeOf(run, times) < MEASUREMENT_MS) times *= 2;
  return times;
}

/** Results go here so that no call can be optimised away. */
const kept: { last: unknown } = { last: undefined };

function timeOf(run: () => unknown, times: number): number {
  const start = performance.now();
  for (let index = 0; index < times; index++) kept.last = run();
  return performance.now() - start;
}

function placed(core: Core, bytes: Uint8Array, heapOffset: number): Uint8Array {
  const start = core.heapStart + heapOffset;
  core.memory.set(bytes, start);
  return core.memory.subarray(start, start + bytes.length);
}

function renderTable(results: readonly Result[], sizes: readonly string[]): string {
  const out = [
    `Node ${process.versions.node}, V8 ${process.versions.v8}, ${process.arch}; GB/s: median (best) of ${options.rounds} rounds`,
  ];
  for (const contest of new Set(results.map((result) => result.contest))) {
    const rows = results.filter((result) => result.contest === contest);
    out.push('', `| ${contest} | ${sizes.join(' | ')} |`, `|---${'|---'.repeat(sizes.length)}|`);
    for (const name of new Set(rows.map((row) => row.contestant))) {
      const cells = rows
        .filter((row) => row.contestant === name)
        .map((row) => `${row.median.toFixed(2)} (${row.best.toFixed(2)})`);
      out.push(`| ${name} | ${cells.join(' | ')} |`);
    }
  }
  return out.join('\n');
}

const sizes = options.sizes.split(',').map(Number);
const wanted = (contest: Contest): boolean => contest.name.toLowerCase().includes(options.only.toLowerCase());
// One size after the other: the inputs of each take the same places in the heap.
const results = sizes.flatMap((sizeBytes) => measure(contestsOf(sizeBytes).filter(wanted)));
process.stdout.write(
  options.json
    ? `${JSON.stringify(results, null, 2)}\n`
    : `${renderTable(
        results,
        sizes.map((size) => (size < 1 << 20 ? `${size >> 10} KB` : `${size >> 20} MB`)),
      )}\n`,
);
