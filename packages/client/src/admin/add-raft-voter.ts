import { AddRaftVoter } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { AdminOptions } from './admin-options.ts';
import { throwIfFailed } from './items.ts';

/** A controller of the quorum: its id, and the id of the directory that its metadata lies in. */
export interface RaftVoter {
  readonly voterId: number;
  readonly directoryId: string;
}

export interface NewRaftVoter extends RaftVoter {
  readonly listeners: readonly { readonly name: string; readonly host: string; readonly port: number }[];
}

/** Adds a controller to the quorum (KIP-853). Rejects with DUPLICATE_VOTER, REQUEST_TIMED_OUT where it does not catch up. */
export async function addRaftVoter(cluster: Cluster, voter: NewRaftVoter, { signal }: AdminOptions): Promise<void> {
  const { voterId, directoryId: voterDirectoryId, listeners } = voter;
  await cluster.retrying(
    async () => {
      const { requestTimeoutMs: timeoutMs } = cluster.options;
      const { clusterId } = cluster.view;
      const body = { clusterId, timeoutMs, voterId, voterDirectoryId, listeners };
      throwIfFailed(await cluster.callController(AddRaftVoter, body, { signal }));
    },
    { signal },
  );
}
