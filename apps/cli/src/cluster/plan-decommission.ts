import type { TopicDescription } from '@ks/client';
import { CliError } from '../errors/cli-error.ts';

/** A partition that leaves a broker. */
export interface Move {
  readonly topic: string;
  readonly partition: number;
  readonly replicas: readonly number[];
  /** The same, with another broker in the place of the one that goes. */
  readonly target: readonly number[];
  /** Who takes it. */
  readonly to: number;
}

/** A broker that may take replicas. */
export interface Taker {
  readonly nodeId: number;
  readonly rack: string | null;
}

/**
 * Finds a new home for every replica of a broker: in a rack that has none of the partition's other replicas where there is one, else
 * wherever; among those, where the fewest replicas are. The rest of each partition stays as it is, and so does its order.
 * Throws where a partition has too many replicas for the brokers that are left.
 */
export function planDecommission(
  brokerId: number,
  takers: readonly Taker[],
  topics: readonly TopicDescription[],
): Move[] {
  const load = new Map(takers.map(({ nodeId }) => [nodeId, 0]));
  for (const { replicas } of topics.flatMap(({ partitions }) => partitions)) {
    for (const id of replicas) if (load.has(id)) load.set(id, (load.get(id) ?? 0) + 1);
  }
  const rackOf = new Map(takers.map(({ nodeId, rack }) => [nodeId, rack]));
  const moves: Move[] = [];
  for (const { name: topic, partitions } of topics) {
    for (const { partition, replicas } of partitions) {
      if (!replicas.includes(brokerId)) continue;
      const free = takers.filter(({ nodeId }) => !replicas.includes(nodeId));
      const racks = new Set(replicas.filter((id) => id !== brokerId).map((id) => rackOf.get(id)));
      const apart = free.filter(({ rack }) => rack !== null && !racks.has(rack));
      const [best] = (apart.length > 0 ? apart : free).toSorted(
        (a, b) => (load.get(a.nodeId) ?? 0) - (load.get(b.nodeId) ?? 0) || a.nodeId - b.nodeId,
      );
      if (best === undefined) throw tooFew(`${topic}-${partition}`, replicas.length, takers.length, brokerId);
      const to = best.nodeId;
      load.set(to, (load.get(to) ?? 0) + 1);
      moves.push({ topic, partition, replicas, target: replicas.map((id) => (id === brokerId ? to : id)), to });
    }
  }
  return moves;
}

function tooFew(partition: string, replicas: number, left: number, brokerId: number): CliError {
  return new CliError(
    `${partition} has ${replicas} replicas, and without broker ${brokerId} only ${left} brokers are alive: there is no place for all`,
    { hint: 'start another broker first, or give the topic fewer replicas by kafka-reassign-partitions.sh' },
  );
}
