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
   * record; `batches`: by batch; `lent`: by batch whose memory is used again, where a client has that.
   */
  readonly load: 'batched' | 'single' | 'consume' | 'batches' | 'lent';
  readonly inFlight: number;
  readonly perSend: number;
  readonly compression: 'none' | 'gzip' | 'lz4' | 'zstd';
}

/** What it did, by its own clocks, without its start and the connecting. */
export interface ClientOutcome {
  readonly records: number;
  /** Of consumers from the first record on: joining a group takes time and no work. */
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

/** Called by a consumer with its first record. */
export type Began = () => void;

/** Runs in the client's process: takes the task from the command line, measures `work`, prints the outcome. */
export async function measured(
  prepare: (task: ClientTask) => Promise<{ work(began: Began): Promise<number>; close(): Promise<void> }>,
): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '{}') as ClientTask;
  const { work, close } = await prepare(task);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let from = performance.now();
  let hasBegun = false;
  const began = (): void => {
    if (hasBegun) return;
    hasBegun = true;
    from = performance.now();
    delay.enable();
  };
  if (!isConsuming(task)) began();
  const cpu = process.cpuUsage();
  const records = await work(began);
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - from) / 1000;
  delay.disable();
  const outcome: ClientOutcome = {
    records,
    seconds,
    cpuSeconds: (used.user + used.system) / 1e6,
    loopDelayP99Ms: delay.percentile(99) / 1e6,
  };
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  await close();
}

export function isConsuming({ load }: Pick<ClientTask, 'load'>): boolean {
  return load === 'consume' || load === 'batches' || load === 'lent';
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

/** Calls `send` for 0..count-1 with at most `inFlight` of them under way. */
export async function paced(count: number, inFlight: number, send: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await send(next++);
  };
  await Promise.all(Array.from({ length: Math.min(inFlight, count) }, lane));
}

export const batchesInFlight = 4;

/** Path of a program beside this file. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
}
