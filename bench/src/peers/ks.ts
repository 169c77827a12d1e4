import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../measure/free-port.ts';
import { startCluster } from './start-cluster.ts';
import type { BrokerPeer } from './broker-peer.ts';
import { hasEtcd, startEtcd } from './etcd.ts';
import { spawnBroker } from './spawn-broker.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const cli = join(root, 'apps/cli');

/** ks as a user starts it: the bundle, with the compile cache on. */
export const ks: BrokerPeer = {
  name: 'ks',
  version: () =>
    `ks ${JSON.parse(readFileSync(join(cli, 'package.json'), 'utf8')).version} on Node.js ${process.version}`,
  missing: async () =>
    existsSync(join(cli, 'bundle/main.js')) ? undefined : 'the ks bundle is not built: npx nx run-many -t bundle',
  async start(directory) {
    const port = await freePort();
    await mkdir(directory, { recursive: true });
    return spawnBroker(
      process.execPath,
      [join(cli, 'bin/ks.js'), 'start', '--port', String(port), '--data', join(directory, 'data')],
      port,
      { cwd: directory },
    );
  },
};

/** Three brokers over an etcd of one member, every record on all of them. */
export const ksCluster: BrokerPeer = {
  name: 'ks',
  version: () => `three brokers of ${ks.version()}, one etcd`,
  missing: async () => (hasEtcd() ? ks.missing() : 'three ks brokers need etcd on PATH (package etcd-server)'),
  async start(directory) {
    await mkdir(directory, { recursive: true });
    const etcd = await startEtcd(directory);
    const start = async (id: number) => {
      const port = await freePort();
      const settings = {
        'node.id': String(id),
        'metadata.store': `etcd://${etcd.host}/bench`,
        listeners: `PLAINTEXT://127.0.0.1:${port}`,
        'log.dirs': join(directory, `broker-${id}`),
        'default.replication.factor': '3',
        'min.insync.replicas': '2',
        'offsets.topic.replication.factor': '3',
        'transaction.state.log.replication.factor': '3',
      };
      const config = join(directory, `broker-${id}.properties`);
      const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
      await writeFile(config, lines.join('\n'));
      const command = [join(cli, 'bin/ks.js'), 'broker', 'run', '--config', config];
      return spawnBroker(process.execPath, command, port, { cwd: directory });
    };
    return startCluster([1, 2, 3].map(start), etcd);
  },
};
