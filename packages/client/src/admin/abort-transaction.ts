import { WriteTxnMarkers } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { AdminOptions } from './admin-options.ts';
import { errorOfMissing, throwIfFailed } from './items.ts';
import { leaderOf } from './leader-of.ts';

/** A transaction that hangs, as `describeProducers` shows it: its coordinator has forgotten it, and readers wait for its end. */
export interface HangingTransaction extends TopicPartition {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
}

/** Ends a hanging transaction of one partition (KIP-664). Rejects with TRANSACTION_COORDINATOR_FENCED and others. */
export async function abortTransaction(
  cluster: Cluster,
  transaction: HangingTransaction,
  { signal }: AdminOptions,
): Promise<void> {
  const { topic, partition, producerId, producerEpoch } = transaction;
  const marker = {
    producerId,
    producerEpoch,
    // Brokers that never heard of a coordinator say -1, but take no marker with it.
    coordinatorEpoch: Math.max(0, transaction.coordinatorEpoch),
    transactionResult: false,
    topics: [{ name: topic, partitionIndexes: [partition] }],
  };
  await cluster.retrying(
    async () => {
      const nodeId = await leaderOf(cluster, transaction, signal);
      const answer = await cluster.callBroker(nodeId, WriteTxnMarkers, { markers: [marker] }, { signal });
      const outcome = answer.markers[0]?.topics[0]?.partitions[0];
      if (outcome === undefined) throw errorOfMissing();
      throwIfFailed(outcome, { topic, partition });
    },
    { signal, topics: [topic] },
  );
}
