import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a batch's fields lie. */
const LENGTH_AT = 8;
const EPOCH_AT = 12;
const HEADER_BYTES = 61;
/** Offset and length: what comes before the counted bytes. */
const PREFIX_BYTES = 12;

interface Batch {
  readonly offset: number;
  readonly epoch: number;
  readonly bytes: Buffer;
}

/**
 * Compares what the brokers' log directories hold, once all have stopped: two copies of a partition must have the same batches up to
 * the smaller of their high watermarks, and outside of Kafka's own topics the same end.
 * @returns how they differ, and how many batches were compared
 */
export async function compareCopies(
  logDirs: readonly string[],
): Promise<{ readonly differences: readonly string[]; readonly compared: number }> {
  const copies = await Promise.all(logDirs.map(partitionsOf));
  const watermarks = await Promise.all(logDirs.map(watermarksOf));
  const names = new Set(copies.flatMap((each) => [...each.keys()]));
  const differences: string[] = [];
  let compared = 0;
  for (const name of names) {
    const holders = [...copies.keys()].filter((index) => copies[index]?.has(name));
    const batches = await Promise.all(holders.map((index) => batchesOf(copies[index]?.get(name) ?? '')));
    const watermark = Math.min(...holders.map((index) => watermarks[index]?.get(name) ?? 0));
    const first = batches[0] ?? [];
    for (const [at, other] of batches.entries()) {
      if (at === 0) continue;
      const who = `${name}: the copies of ${logDirs[holders[0] ?? 0]} and ${logDirs[holders[at] ?? 0]}`;
      const found = differenceOf(first, other, name.startsWith('__') ? watermark : Number.POSITIVE_INFINITY);
      if (found !== undefined) differences.push(`${who} differ: ${found}`);
      compared += Math.min(first.length, other.length);
    }
  }
  return { differences, compared };
}

/** What differs first between two copies below an offset; the one that begins later counts from there. */
export function differenceOf(one: readonly Batch[], other: readonly Batch[], below: number): string | undefined {
  const from = Math.max(one[0]?.offset ?? 0, other[0]?.offset ?? 0);
  const [left, right] = [one, other].map((each) => each.filter(({ offset }) => offset >= from && offset < below));
  if (left === undefined || right === undefined) return undefined;
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [a, b] = [left[at], right[at]];
    if (a === undefined || b === undefined) return `only one has the batch at ${(a ?? b)?.offset}`;
    if (!a.bytes.equals(b.bytes)) {
      return `at ${a.offset} (epoch ${a.epoch}, ${a.bytes.length} bytes) and ${b.offset} (epoch ${b.epoch}, ${b.bytes.length} bytes)`;
    }
  }
  return undefined;
}

/** The batches of whole segments, one after the other. */
export function cutBatches(bytes: Buffer): readonly Batch[] {
  const batches: Batch[] = [];
  for (let at = 0; at < bytes.length; ) {
    const isWhole = at + HEADER_BYTES <= bytes.length;
    const end = isWhole ? at + PREFIX_BYTES + bytes.readInt32BE(at + LENGTH_AT) : at;
    if (end > bytes.length || end <= at) throw new Error(`a torn batch at ${at} after an orderly stop`);
    const batch = bytes.subarray(at, end);
    batches.push({ offset: Number(batch.readBigInt64BE(0)), epoch: batch.readInt32BE(EPOCH_AT), bytes: batch });
    at = end;
  }
  return batches;
}

async function partitionsOf(logDir: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(logDir, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory() && /-\d+$/.test(entry.name));
  return new Map(folders.map(({ name }) => [name, join(logDir, name)]));
}

async function batchesOf(folder: string): Promise<readonly Batch[]> {
  const segments = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
  const contents = await Promise.all(segments.map((name) => readFile(join(folder, name))));
  return contents.flatMap(cutBatches);
}

/** What `replication-offset-checkpoint` says, by the name of the partition's folder. */
async function watermarksOf(logDir: string): Promise<ReadonlyMap<string, number>> {
  const text = await readFile(join(logDir, 'replication-offset-checkpoint'), 'utf8');
  const lines = text
    .split('\n')
    .slice(2)
    .filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [topic = '', partition = '', offset = ''] = line.split(' ');
      return [`${topic}-${partition}`, Number(offset)];
    }),
  );
}
