import process from 'node:process';
import { median } from '../measure/statistics.ts';
import type { Contender } from './contender.ts';

const isPromise = (value: unknown): boolean => typeof value === 'object' && value !== null && 'then' in value;

/** Nanoseconds for each of `count` runs. A contender that works asynchronously is awaited, as its users must. */
async function timed(contender: Contender, count: number, async: boolean): Promise<number> {
  const start = process.hrtime.bigint();
  if (async) for (let index = 0; index < count; index++) await contender.run();
  else for (let index = 0; index < count; index++) contender.run();
  return Number(process.hrtime.bigint() - start) / count;
}

/** Median nanoseconds of each contender over rounds of about `roundMs`. The contenders take turns, so that a slow moment hits all. */
export async function measure(
  contenders: readonly Contender[],
  rounds: number,
  roundMs: number,
): Promise<readonly number[]> {
  const samples: number[][] = contenders.map(() => []);
  const plans = [];
  for (const contender of contenders) {
    const async = isPromise(contender.run());
    // Twice, so that the count comes from optimised code.
    await timed(contender, 2000, async);
    const count = Math.max(20, Math.ceil((roundMs * 1e6) / (await timed(contender, 500, async))));
    plans.push({ contender, async, count });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [index, { contender, async, count }] of plans.entries())
      samples[index]?.push(await timed(contender, count, async));
  }
  return samples.map(median);
}
