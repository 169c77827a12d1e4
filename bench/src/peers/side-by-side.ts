import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrokerPeer, RunningBroker } from './broker-peer.ts';

/** A peer and its process. */
export interface PeerAtWork {
  readonly peer: BrokerPeer;
  readonly broker: RunningBroker;
}

/** Starts every peer over an empty directory of its own, lets `use` work with them, and ends and removes them whatever happens. */
export async function sideBySide<T>(
  peers: readonly BrokerPeer[],
  use: (running: readonly PeerAtWork[]) => Promise<T>,
): Promise<T> {
  const running: PeerAtWork[] = [];
  const directories: string[] = [];
  try {
    for (const peer of peers) {
      const directory = await mkdtemp(join(tmpdir(), `ks-bench-${peer.name}-`));
      directories.push(directory);
      running.push({ peer, broker: await peer.start(directory) });
    }
    return await use(running);
  } finally {
    for (const { broker } of running) await broker.stop();
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
  }
}
