import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** What a client's program is asked to do: records of `recordBytes` to (or from) one partition. */
export interface ClientTask {
  readonly bootstrap: string;
  readonly topic: string;
  readonly records: number;
  readonly recordBytes: number;
  /**
   * `batched`: sends of `perSend` records, four under way. `single`: one record a send, `inFlight` under way. `consume`: everything, by
   * record; `batches`: by batch.
   */
  readonly load: 'batched' | 'single' | 'consume' | 'batches';
  readonly inFlight: number;
  readonly perSend: number;
  readonly compression: 'none' | 'gzip' | 'lz4' | 'zstd';
}

/** What it did, by its own clocks, without its start, the connecting and the first fifth of the records. */
export interface ClientOutcome {
  readonly records: number;
  readonly seconds: number;
  /** Of the whole process, all threads. */
  readonly cpuSeconds: number;
  /** 99 of 100 turns of the event loop came no later than this, in milliseconds, while records flowed. Not known of what has none. */
  readonly loopDelayP99Ms: number;
}

/** A client in a process of its own. */
export interface ClientProgram {
  readonly name: string;
  readonly version: string;
  /** The loads that it has a way to do. */
  can(task: Pick<ClientTask, 'load' | 'compression'>): boolean;
  run(task: ClientTask): Promise<ClientOutcome>;
}

/** Told how many records are through; the clocks start when the first fifth is, in which programs are compiled and groups joined. */
export type Progress = (count: number) => void;

/** Runs in the client's process: takes the task from the command line, measures `work`, prints the outcome. */
export async function measured(
  prepare: (task: ClientTask) => Promise<{ work(progress: Progress): Promise<number>; close(): Promise<void> }>,
): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '{}') as ClientTask;
  const { work, close } = await prepare(task);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const warmUp = task.records / 5;
  let from = performance.now();
  let cpu = process.cpuUsage();
  let counted = 0;
  const records = await work((count) => {
    if (count < warmUp || counted > 0) return;
    counted = count;
    from = performance.now();
    cpu = process.cpuUsage();
    delay.enable();
  });
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - from) / 1000;
  delay.disable();
  const outcome: ClientOutcome = {
    records: records - counted,
    seconds,
    cpuSeconds: (used.user + used.system) / 1e6,
    loopDelayP99Ms: delay.percentile(99) / 1e6,
  };
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  await close();
}

export function isConsuming({ load }: Pick<ClientTask, 'load'>): boolean {
  return load === 'consume' || load === 'batches';
}

/** A thousand values of so many bytes, half text, half noise of hex digits, so that codecs have work: the same for every client. */
export function valuesOf(recordBytes: number): readonly Buffer[] {
  let seed = 12345;
  const noise = (): string => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed.toString(16).padStart(8, '0');
  };
  return Array.from({ length: 1000 }, (_, index) => {
    let line = `{"id":${index},"text":"`;
    while (line.length < recordBytes) line += `${noise()} streams `;
    return Buffer.from(line.slice(0, recordBytes));
  });
}

/** `perSend` of the values for each of the sends, going round. */
export function batchesOf<T>(values: readonly T[], perSend: number): readonly (readonly T[])[] {
  const batches: T[][] = [];
  for (let at = 0; at + perSend <= values.length; at += perSend) batches.push(values.slice(at, at + perSend));
  return batches;
}

/** Calls `send` for 0..count-1 with at most `inFlight` of them under way, `perSend` records each. */
export async function paced(
  { records, inFlight, perSend }: Pick<ClientTask, 'records' | 'inFlight' | 'perSend'>,
  progress: Progress,
  send: (index: number) => Promise<unknown>,
): Promise<void> {
  const count = Math.ceil(records / perSend);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      await send(next++);
      progress((next - inFlight) * perSend);
    }
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, lane));
}

/** Path of a program beside this file. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
}
