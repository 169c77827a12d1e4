import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** Where and how far a planted bug is searched for. */
export interface Search {
  /** The first seed. */
  readonly seed: number;
  /** Seeds at most. */
  readonly seeds: number;
  /** Events of each. */
  readonly steps: number;
  /** Three brokers, not one. */
  readonly isCluster?: boolean;
}

/** Runs the simulation with a bug in it until a seed fails. */
export function simulateWith(
  mutation: string,
  { seed, seeds, steps, isCluster = false }: Search,
): Promise<{ readonly code: number; readonly output: string }> {
  const here = import.meta.dirname;
  const program = join(here, '../../src/sim/main.ts');
  const runtime = ['--conditions=@ks/source', '--import', join(here, 'plant.ts'), program];
  const search = ['--seed', seed, '--seeds', seeds, '--steps', steps].map(String);
  const args = [...runtime, ...search, '--bail', ...(isCluster ? ['--cluster'] : [])];
  const env = { ...process.env, KS_SIM_MUTATION: mutation, NODE_OPTIONS: '' };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}
