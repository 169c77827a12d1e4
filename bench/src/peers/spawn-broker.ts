import { spawn } from 'node:child_process';
import { firstAnswer } from '../measure/first-answer.ts';
import type { RunningBroker } from './broker-peer.ts';

/** Starts a broker's process and waits for its first answer. What it printed is in the error if it ends before. */
export async function spawnBroker(
  command: string,
  args: readonly string[],
  port: number,
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<RunningBroker> {
  const from = performance.now();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const keep = (chunk: Buffer): void => {
    printed = (printed + chunk.toString()).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.once('error', keep.bind(undefined, Buffer.from(`cannot start ${command}`)));
  try {
    await firstAnswer(port, 60_000, () => child.exitCode !== null || child.pid === undefined);
  } catch (error) {
    child.kill('SIGKILL');
    throw new Error(`${error instanceof Error ? error.message : String(error)}; it printed:\n${printed}`);
  }
  const startMs = performance.now() - from;
  return {
    bootstrap: `127.0.0.1:${port}`,
    pid: child.pid ?? -1,
    process: child,
    pids: [child.pid ?? -1],
    replicationFactor: 1,
    startMs,
    async stop() {
      child.kill('SIGTERM');
      const forced = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(forced);
    },
  };
}
