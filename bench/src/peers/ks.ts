import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../measure/free-port.ts';
import type { BrokerPeer } from './broker-peer.ts';
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
