import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from './processes/free-port.ts';

/** Whether the distribution's etcd is installed. */
export const hasEtcd: boolean = spawnSync('etcd', ['--version']).status === 0;

/** An etcd of one member in a process of its own. */
export interface EtcdProcess extends AsyncDisposable {
  /** `host:port`, as `metadata.store` names it behind `etcd://`. */
  readonly host: string;
}

/** Starts etcd with its data below `directory`; settles when it answers. */
export async function startEtcdProcess(directory: string): Promise<EtcdProcess> {
  const [clients, peers] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${clients}`;
  const peerUrl = `http://127.0.0.1:${peers}`;
  const flags = [
    ...['--data-dir', join(directory, 'etcd'), '--listen-client-urls', url, '--advertise-client-urls', url],
    ...[
      '--listen-peer-urls',
      peerUrl,
      '--initial-advertise-peer-urls',
      peerUrl,
      '--initial-cluster',
      `default=${peerUrl}`,
    ],
  ];
  const child = spawn('etcd', flags, { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const deadline = performance.now() + 30_000;
  while (!(await isHealthy(url))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error('etcd did not start');
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { host: `127.0.0.1:${clients}`, [Symbol.asyncDispose]: stop };
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    async (answer) => (await answer.text()).includes('"true"'),
    () => false,
  );
}
