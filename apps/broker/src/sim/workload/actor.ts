import type { FetchCheckTools } from '../history/fetched-records.ts';
import type { SeededRandom } from '../prng.ts';
import type { ProgramClient } from './program-client.ts';

/** What a simulated client program lives in. */
export interface Stage extends FetchCheckTools {
  readonly random: SeededRandom;
  /** The broker's process that runs now. */
  lifeNumber(): number;
  /** Whether leaders may fail over: then what only one of them has vouched for may be lost. */
  readonly isReplicated?: boolean;
  /** True once no new work shall begin. */
  isOver(): boolean;
  /** A line of the trace. */
  note(what: string): void;
  /** Settles after simulated time. */
  sleep(ms: number): Promise<void>;
}

/** Runs `work` again and again on a live connection until the stage is over; connects anew whenever the connection is gone. */
export async function keepWorking(stage: Stage, client: ProgramClient, work: () => Promise<void>): Promise<void> {
  while (!stage.isOver()) {
    if (client.isConnected || (await client.connect())) await work();
    // Now and then nothing is to be done for long, so that what the broker does by the clock gets its turn.
    await stage.sleep(stage.random.fraction() * (stage.random.chance(0.01) ? 10_000 : 20));
  }
}

/** One of several, by weight. */
export function choose<T>(random: SeededRandom, options: readonly (readonly [weight: number, value: T])[]): T {
  let at = random.fraction() * options.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, value] of options) {
    at -= weight;
    if (at < 0) return value;
  }
  const last = options.at(-1);
  if (last === undefined) throw new Error('nothing to choose from');
  return last[1];
}

/** Any of them; undefined where there are none. */
export function pick<T>(random: SeededRandom, values: readonly T[]): T | undefined {
  return values.length === 0 ? undefined : values[random.int(values.length)];
}
