import { describe, expect, test } from 'vitest';
import { clusterMutations } from './cluster-mutations.ts';
import { simulateWith } from './simulate-with.ts';

describe('the simulation of a cluster finds a bug that is planted', () => {
  test.each(clusterMutations)(
    '$name',
    async ({ name, finding, seed = 1 }) => {
      const { code, output } = await simulateWith(name, { seed, seeds: 150, steps: 8000, isCluster: true });
      const said = output.split('\n').filter((line) => line.startsWith('VIOLATION'));
      expect(said.join('\n') || output.slice(-2000)).toMatch(finding);
      expect(code).toBe(1);
    },
    300_000,
  );
});
