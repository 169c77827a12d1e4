import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from '../measure/free-port.ts';

export const hasEtcd = (): boolean => spawnSync('etcd', ['--version']).status === 0;

/** An etcd of one member. */
export interface RunningEtcd {
  /** `host:port`, for clients. */
  readonly host: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts etcd over an empty directory below `directory` and waits until it is well. */
export async function startEtcd(directory: string): Promise<RunningEtcd> {
  const [host, peer] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const flags = {
    'data-dir': join(directory, 'etcd'),
    'listen-client-urls': `http://${host}`,
    'advertise-client-urls': `http://${host}`,
    'listen-peer-urls': `http://${peer}`,
    'initial-advertise-peer-urls': `http://${peer}`,
    'initial-cluster': `default=http://${peer}`,
  };
  const child = spawn(
    'etcd',
    Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: 'ignore' },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const isWell = async (): Promise<boolean> =>
    fetch(`http://${host}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
  while (!(await isWell())) {
    if (child.exitCode !== null) throw new Error(`etcd ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    host,
    pid: child.pid ?? -1,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
