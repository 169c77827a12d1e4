import { ErrorCode, OffsetForLeaderEpoch } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { ClientErrorCode, errorFromCode, KafkaError } from '../kafka-error.ts';
import type { PartitionView } from '../metadata/cluster-view.ts';
import type { PartitionState } from './partition-state.ts';

/** Consumers may ask for it from this version on, and say which epoch they believe is current. */
const CONSUMERS_SINCE = 3;
const CONSUMER = -1;

/**
 * Whether a partition has another leader than its position was read at, so that the position has to be checked: the new one may not have
 * what the old one gave (KIP-320).
 */
export function isUnchecked(state: PartitionState, { leaderEpoch }: PartitionView): boolean {
  return state.positionEpoch >= 0 && state.checkedEpoch >= 0 && leaderEpoch > state.checkedEpoch;
}

/**
 * Where, at most, the log of the leader agrees with what was read: the end of the position's epoch there. Infinity where the broker is too
 * old to tell, -1 where it knows nothing of that epoch. Rejects as the broker does.
 */
export async function agreedEnd(cluster: Cluster, state: PartitionState, view: PartitionView): Promise<number> {
  const { topic, partition, positionEpoch: leaderEpoch } = state;
  const broker = await cluster.connectionTo(view.leaderId);
  if (broker.versions.highest(OffsetForLeaderEpoch, CONSUMERS_SINCE) === undefined) return Number.POSITIVE_INFINITY;
  const partitions = [{ partition, currentLeaderEpoch: view.leaderEpoch, leaderEpoch }];
  const response = await broker.call(
    OffsetForLeaderEpoch,
    { replicaId: CONSUMER, topics: [{ topic, partitions }] },
    { timeoutMs: cluster.options.requestTimeoutMs },
  );
  const answer = response.topics[0]?.partitions[0];
  if (answer === undefined) {
    const message = `${broker.label} left ${topic}-${partition} out of its answer`;
    throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, message, { topic, partition, retriable: true });
  }
  if (answer.errorCode !== ErrorCode.NONE) {
    throw errorFromCode(answer.errorCode, undefined, { topic, partition, broker: broker.label });
  }
  return answer.endOffset;
}

/** The error of a reader whose last records are in the log no more. `offset` is the first that is not what it was. */
export function truncated({ topic, partition, position }: PartitionState, offset: number): KafkaError {
  const where = offset < 0 ? 'at a place that the broker does not know' : `at offset ${offset}`;
  const message = `the log of ${topic}-${partition} was cut ${where} by an unclean election, behind which records up to ${position - 1} were read: what was made of them has no source any more. Seek to go on, or set outOfRange.`;
  return new KafkaError(ClientErrorCode.LOG_TRUNCATED, message, {
    topic,
    partition,
    ...(offset >= 0 && { offset }),
  });
}
