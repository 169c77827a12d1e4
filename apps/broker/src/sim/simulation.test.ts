import { describe, expect, test } from 'vitest';
import { type SimulationResult, simulate } from './simulation.ts';

const STEPS = 4000;
const SEEDS = 200;
const GROUPS = 8;

/** What a failing seed prints. */
function report({ seed, steps, violations, lines }: SimulationResult): string {
  const replay = `replay: npm run sim -- --seed ${seed} --steps ${steps}`;
  return [...lines.slice(-30), ...violations, replay].join('\n');
}

describe('a whole broker in a simulated world keeps its word', () => {
  test.each(Array.from({ length: GROUPS }, (_, group) => group))(
    'seeds of group %i',
    async (group) => {
      for (let seed = 1 + group; seed <= SEEDS; seed += GROUPS) {
        const result = await simulate({ seed, steps: STEPS });
        if (result.violations.length > 0) throw new Error(report(result));
      }
    },
    300_000,
  );

  test('one seed gives one history', async () => {
    const first = await simulate({ seed: 7, steps: STEPS });
    const second = await simulate({ seed: 7, steps: STEPS });
    expect(second.hash).toBe(first.hash);
    expect(second.counts).toEqual(first.counts);
    expect((await simulate({ seed: 8, steps: STEPS })).hash).not.toBe(first.hash);
  }, 60_000);
});
