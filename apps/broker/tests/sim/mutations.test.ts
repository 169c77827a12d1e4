import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { mutations } from './mutations.ts';

const SEEDS = 200;

/** Runs the simulation with a bug in it until a seed fails. */
function simulateWith(mutation: string, seed: number): Promise<{ readonly code: number; readonly output: string }> {
  const here = import.meta.dirname;
  const program = join(here, '../../src/sim/main.ts');
  const args = ['--conditions=@ks/source', '--import', join(here, 'plant.ts'), program, '--seed', String(seed)];
  const env = { ...process.env, KS_SIM_MUTATION: mutation, NODE_OPTIONS: '' };
  return new Promise((resolve) => {
    const limits = ['--seeds', String(SEEDS), '--steps', '3000', '--bail'];
    execFile(process.execPath, [...args, ...limits], { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

describe('the simulation finds a bug that is planted', () => {
  test.each(mutations)(
    '$name',
    async ({ name, finding, seed = 1 }) => {
      const { code, output } = await simulateWith(name, seed);
      const said = output.split('\n').filter((line) => line.startsWith('VIOLATION'));
      expect(said.join('\n') || output.slice(-2000)).toMatch(finding);
      expect(code).toBe(1);
    },
    300_000,
  );
});
