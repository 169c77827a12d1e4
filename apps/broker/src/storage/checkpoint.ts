import { type Files, FilesError } from '../ports/files.ts';

/** Kafka's checkpoint files: text lines, a version, a count, then that many rows of space-separated fields. */

const VERSION = '0';
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** What a checkpoint file said; `problem` is one clear sentence where it is corrupt (then there are no rows). */
export interface CheckpointContents<Row> {
  readonly rows: readonly Row[];
  readonly problem: string | undefined;
}

/** An offset of one partition: recovery point, high watermark, log start. */
export interface PartitionOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** The start of one leader epoch. */
export interface EpochStart {
  readonly leaderEpoch: number;
  readonly startOffset: number;
}

export function formatOffsets(rows: readonly PartitionOffset[]): string {
  return formatRows(rows.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`));
}

export function parseOffsets(text: string): CheckpointContents<PartitionOffset> {
  return parseRows(text, (fields) => {
    const [topic, partition, offset] = [fields[0], wholeNumber(fields[1]), wholeNumber(fields[2])];
    if (fields.length !== 3 || !topic || partition === undefined || offset === undefined) return undefined;
    return { topic, partition, offset };
  });
}

export function formatEpochs(rows: readonly EpochStart[]): string {
  return formatRows(rows.map(({ leaderEpoch, startOffset }) => `${leaderEpoch} ${startOffset}`));
}

/** Both columns must ascend. */
export function parseEpochs(text: string): CheckpointContents<EpochStart> {
  let previous: EpochStart = { leaderEpoch: -1, startOffset: -1 };
  return parseRows(text, (fields) => {
    const [leaderEpoch, startOffset] = [wholeNumber(fields[0]), wholeNumber(fields[1])];
    if (fields.length !== 2 || leaderEpoch === undefined || startOffset === undefined) return undefined;
    if (leaderEpoch <= previous.leaderEpoch || startOffset < previous.startOffset) return undefined;
    previous = { leaderEpoch, startOffset };
    return previous;
  });
}

/** A file's text; undefined where it is absent. Text that is not UTF-8 comes back as something no parser takes. */
export async function readText(files: Files, path: string): Promise<string | undefined> {
  try {
    const bytes = await files.readFile(path);
    try {
      return decoder.decode(bytes);
    } catch {
      return '\u0000';
    }
  } catch (error) {
    if (error instanceof FilesError && error.kind === 'not-found') return undefined;
    throw error;
  }
}

export function writeText(files: Files, path: string, text: string): Promise<void> {
  return files.writeFileAtomically(path, encoder.encode(text));
}

function formatRows(rows: readonly string[]): string {
  return `${[VERSION, rows.length, ...rows].join('\n')}\n`;
}

function parseRows<Row>(
  text: string,
  parseRow: (fields: readonly string[]) => Row | undefined,
): CheckpointContents<Row> {
  const corrupt = (problem: string): CheckpointContents<Row> => ({ rows: [], problem });
  const lines = text.split('\n');
  if (lines.pop() !== '') return corrupt('the last line does not end');
  if (lines[0] !== VERSION) return corrupt('the version in line 1 is not 0');
  if (wholeNumber(lines[1]) !== lines.length - 2) return corrupt('the row count in line 2 is wrong');
  const rows: Row[] = [];
  for (const [index, line] of lines.slice(2).entries()) {
    const row = parseRow(line.split(' '));
    if (row === undefined) return corrupt(`line ${index + 3} is not a row of this file`);
    rows.push(row);
  }
  return { rows, problem: undefined };
}

/** A number from 0 to 2^53-1 in plain digits. */
function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^(0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
