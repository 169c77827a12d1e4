import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether the etcd of the distribution is there; under CI a missing one is to fail. */
export const haveEtcd: boolean = spawnSync('etcd', ['--version']).status === 0 || process.env['CI'] === 'true';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}

/** One real etcd with its data in a temporary folder. ks waits for it to answer. */
export async function startEtcd(): Promise<AsyncDisposable & { readonly host: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'ks-cli-etcd-'));
  const host = `127.0.0.1:${await freePort()}`;
  const urls = { client: `http://${host}`, peer: `http://127.0.0.1:${await freePort()}` };
  const child = spawn(
    'etcd',
    [
      ...['--data-dir', directory, '--log-level', 'error'],
      ...['--listen-client-urls', urls.client, '--advertise-client-urls', urls.client],
      ...['--listen-peer-urls', urls.peer, '--initial-advertise-peer-urls', urls.peer],
      ...['--initial-cluster', `default=${urls.peer}`],
    ],
    { stdio: 'ignore' },
  );
  const ended = new Promise((resolve) => child.once('close', resolve));
  return {
    host,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true });
    },
  };
}
