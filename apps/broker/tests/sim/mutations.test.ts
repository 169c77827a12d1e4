import { describe, expect, test } from 'vitest';
import { mutations } from './mutations.ts';
import { simulateWith } from './simulate-with.ts';

describe('the simulation finds a bug that is planted', () => {
  test.each(mutations)(
    '$name',
    async ({ name, finding, seed = 1 }) => {
      const { code, output } = await simulateWith(name, { seed, seeds: 200, steps: 3000 });
      const said = output.split('\n').filter((line) => line.startsWith('VIOLATION'));
      expect(said.join('\n') || output.slice(-2000)).toMatch(finding);
      expect(code).toBe(1);
    },
    300_000,
  );
});
