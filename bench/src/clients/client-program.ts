import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** What a client's program is asked to do: records of `recordBytes` to (or from) one partition. */
export interface ClientTask {
  readonly bootstrap: string;
  readonly topic: string;
  readonly records: number;
  readonly recordBytes: number;
  /**
   * `batched`: sends of 1,000 records, four under way. `single`: one record a send, `inFlight` under way. `consume`: everything, by record;
   * `batches`: by batch.
   */
  readonly load: 'batched' | 'single' | 'consume' | 'batches';
  readonly inFlight: number;
}

/** What it did, by its own clocks, without its start and the connecting. */
export interface ClientOutcome {
  readonly records: number;
  readonly seconds: number;
  /** Of the whole process, all threads. */
  readonly cpuSeconds: number;
}

/** A client in a process of its own. */
export interface ClientProgram {
  readonly name: string;
  readonly version: string;
  readonly program: string;
}

/** Runs in the client's process: takes the task from the command line, measures `work`, prints the outcome. */
export async function measured(
  prepare: (task: ClientTask) => Promise<{ work(): Promise<number>; close(): Promise<void> }>,
): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '{}') as ClientTask;
  const { work, close } = await prepare(task);
  const from = performance.now();
  const cpu = process.cpuUsage();
  const records = await work();
  const used = process.cpuUsage(cpu);
  const outcome: ClientOutcome = {
    records,
    seconds: (performance.now() - from) / 1000,
    cpuSeconds: (used.user + used.system) / 1e6,
  };
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  await close();
}

/** Calls `send` for 0..count-1 with at most `inFlight` of them under way. */
export async function paced(count: number, inFlight: number, send: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await send(next++);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, lane));
}

export const perBatch = 1000;
export const batchesInFlight = 4;

/** Path of a program beside this file. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
}
