import { InitProducerId } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { findCoordinator } from '../groups/coordinator.ts';
import type { AdminOptions } from './admin-options.ts';
import { eachAlone, settleEach, throwIfFailed } from './items.ts';

/** What the next producer of a transactional id begins after. */
export interface FencedProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Shuts out the producers of transactional ids; what they have open is aborted (KIP-618). */
export function fenceProducers(
  cluster: Cluster,
  transactionalIds: readonly string[],
  { signal }: AdminOptions,
): Promise<FencedProducer[]> {
  const fence = async (transactionalId: string): Promise<FencedProducer> => {
    const nodeId = await findCoordinator(cluster, transactionalId, signal, 'transactional id');
    // The id is used no longer than this call, so the shortest timeout will do.
    const body = { transactionalId, transactionTimeoutMs: 1, producerId: -1, producerEpoch: -1 };
    const answer = await cluster.callBroker(
      nodeId,
      InitProducerId,
      (version) => (version >= 3 ? body : { transactionalId, transactionTimeoutMs: 1 }),
      { signal },
    );
    throwIfFailed(answer);
    return { transactionalId, producerId: answer.producerId, producerEpoch: answer.producerEpoch };
  };
  return settleEach(cluster, transactionalIds, (some) => eachAlone(some, fence), { signal, label: (id) => id });
}
