import { RemoveRaftVoter } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { RaftVoter } from './add-raft-voter.ts';
import type { AdminOptions } from './admin-options.ts';
import { throwIfFailed } from './items.ts';

/** Removes a controller from the quorum (KIP-853). Rejects with VOTER_NOT_FOUND. */
export async function removeRaftVoter(
  cluster: Cluster,
  { voterId, directoryId: voterDirectoryId }: RaftVoter,
  { signal }: AdminOptions,
): Promise<void> {
  await cluster.retrying(
    async () => {
      const { clusterId } = cluster.view;
      const body = { clusterId, voterId, voterDirectoryId };
      throwIfFailed(await cluster.callController(RemoveRaftVoter, body, { signal }));
    },
    { signal },
  );
}
