import { UnregisterBroker } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { AdminOptions } from './admin-options.ts';
import { throwIfFailed } from './items.ts';

/** Forgets a broker that will not come back. Rejects with BROKER_ID_NOT_REGISTERED. */
export async function unregisterBroker(cluster: Cluster, brokerId: number, { signal }: AdminOptions): Promise<void> {
  await cluster.retrying(
    async () => throwIfFailed(await cluster.callController(UnregisterBroker, { brokerId }, { signal })),
    { signal },
  );
}
