import { DescribeTransactions } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { findCoordinator } from '../groups/coordinator.ts';
import { partitionsOf } from '../groups/by-topic.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { AdminOptions } from './admin-options.ts';
import { atNodes, outcomeOf, settleEach } from './items.ts';

export interface TransactionDescription {
  readonly transactionalId: string;
  /** `Empty`, `Ongoing`, `PrepareCommit`, `PrepareAbort`, `CompleteCommit`, `CompleteAbort`... */
  readonly state: string;
  readonly timeoutMs: number;
  /** Milliseconds since the epoch; -1 where none is open. */
  readonly startedAtMs: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** What the open transaction has written to. */
  readonly partitions: readonly TopicPartition[];
  readonly coordinatorId: number;
}

/** What transactional ids are at (KIP-664). Rejects with TRANSACTIONAL_ID_NOT_FOUND. */
export function describeTransactions(
  cluster: Cluster,
  transactionalIds: readonly string[],
  { signal }: AdminOptions,
): Promise<TransactionDescription[]> {
  const nodeOf = (id: string): Promise<number> => findCoordinator(cluster, id, signal, 'transactional id');
  const ask = async (coordinatorId: number, some: readonly string[]) => {
    const body = { transactionalIds: some };
    const { transactionStates } = await cluster.callBroker(coordinatorId, DescribeTransactions, body, { signal });
    return some.map((transactionalId) => {
      const found = transactionStates.find((one) => one.transactionalId === transactionalId);
      return outcomeOf(found, () => ({
        transactionalId,
        state: found?.transactionState ?? '',
        timeoutMs: found?.transactionTimeoutMs ?? -1,
        startedAtMs: found?.transactionStartTimeMs ?? -1,
        producerId: found?.producerId ?? -1,
        producerEpoch: found?.producerEpoch ?? -1,
        partitions: partitionsOf(found?.topics ?? []),
        coordinatorId,
      }));
    });
  };
  const options = { signal, label: (id: string) => id };
  return settleEach(cluster, transactionalIds, (some) => atNodes(some, nodeOf, ask), options);
}
