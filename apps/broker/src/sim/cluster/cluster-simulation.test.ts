import { describe, expect, test } from 'vitest';
import type { SimulationResult } from '../simulation.ts';
import { simulateCluster } from './cluster-simulation.ts';

const STEPS = 8000;
const SEEDS = 24;
const GROUPS = 4;

/** What a failing seed prints. */
function report({ seed, steps, violations, lines }: SimulationResult): string {
  const replay = `replay: npm run sim -- --cluster --seed ${seed} --steps ${steps}`;
  return [...lines.slice(-30), ...violations, replay].join('\n');
}

describe('three brokers in a simulated world keep their word', () => {
  test.each(Array.from({ length: GROUPS }, (_, group) => group))(
    'seeds of group %i',
    async (group) => {
      for (let seed = 1 + group; seed <= SEEDS; seed += GROUPS) {
        const result = await simulateCluster({ seed, steps: STEPS });
        if (result.violations.length > 0) throw new Error(report(result));
      }
    },
    300_000,
  );

  test('one seed gives one history', async () => {
    const first = await simulateCluster({ seed: 7, steps: 3000 });
    const second = await simulateCluster({ seed: 7, steps: 3000 });
    expect(second.hash).toBe(first.hash);
    expect(second.counts).toEqual(first.counts);
    expect((await simulateCluster({ seed: 8, steps: 3000 })).hash).not.toBe(first.hash);
  }, 60_000);
});
