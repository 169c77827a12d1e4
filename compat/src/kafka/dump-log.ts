import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runKafkaTool } from './kafka-tool.ts';

/** What kafka-dump-log printed about a partition's files. */
export interface DumpedLog {
  readonly files: readonly string[];
  readonly text: string;
  /** Records it walked, one by one. */
  readonly records: number;
  /** Lines that tell of damage: mismatches between an index and its log, times out of order, broken checksums. */
  readonly complaints: readonly string[];
}

const complaint =
  /mismatch|out of order|non-secutive|non-consecutive|isvalid: false|isvalid=false|corrupt|Exception|Could not|Unexpected|Expected|not found/i;

/** Lets Kafka's own tool read every file of a partition that ends in one of `endings`. */
export async function dumpLog(
  directory: string,
  endings: readonly string[],
  flags: readonly string[],
): Promise<DumpedLog> {
  const files = readdirSync(directory)
    .filter((name) => endings.some((ending) => name.endsWith(ending)))
    .map((name) => join(directory, name));
  const { code, out, complaints } = await runKafkaTool('kafka-dump-log', ['--files', files.join(','), ...flags], {
    mayFail: true,
  });
  const text = out.toString();
  const lines = [...text.split('\n'), ...(code === 0 ? [] : [`Exception: ${complaints}`])];
  return {
    files,
    text,
    records: lines.filter((line) => line.startsWith('| offset:')).length,
    complaints: lines.filter((line) => complaint.test(line)),
  };
}
