/** A broker that may hold new replicas. */
export interface PlaceableBroker {
  readonly brokerId: number;
  readonly rack: string | null;
  /** The machine. */
  readonly host: string;
}

/** How many replicas of what to place. */
export interface Placement {
  /** The brokers that are alive. */
  readonly brokers: readonly PlaceableBroker[];
  readonly partitionCount: number;
  /** At most the number of brokers. */
  readonly replicationFactor: number;
  /** Any whole number from 0: where the round begins, so that not every topic's first partition is led by one broker. */
  readonly start: number;
}

/**
 * The replicas of each partition, preferred leader first. Leaders go round over the brokers; the other replicas go where the
 * partition has fewest already: first by machine, then by rack, then in the round's order.
 */
export function placeReplicas({
  brokers,
  partitionCount,
  replicationFactor,
  start,
}: Placement): readonly (readonly number[])[] {
  if (replicationFactor < 1 || replicationFactor > brokers.length) {
    throw new RangeError(`cannot place ${replicationFactor} replicas on ${brokers.length} brokers`);
  }
  const round = [...brokers].sort((a, b) => a.brokerId - b.brokerId);
  return Array.from({ length: partitionCount }, (_, partition) => {
    const turn = start + partition;
    // Once all leaders have had their turn the followers shift, so that no two brokers always share their partitions.
    const shift = Math.floor(partition / round.length);
    return placePartition(round, turn % round.length, shift, replicationFactor);
  });
}

function placePartition(
  round: readonly PlaceableBroker[],
  leader: number,
  shift: number,
  count: number,
): readonly number[] {
  const length = round.length;
  const others = Array.from(
    { length: length - 1 },
    (_, index) => round[(leader + 1 + ((index + shift) % (length - 1))) % length],
  );
  const free = new Set(others.filter((broker) => broker !== undefined));
  const chosen = round.slice(leader, leader + 1);
  while (chosen.length < count) {
    let best: PlaceableBroker | undefined;
    for (const broker of free)
      if (best === undefined || crowding(broker, chosen) < crowding(best, chosen)) best = broker;
    if (best === undefined) throw new Error('a partition needs more brokers than there are');
    free.delete(best);
    chosen.push(best);
  }
  return chosen.map((broker) => broker.brokerId);
}

/** How many of the chosen share the broker's machine, which weighs most, and its rack. */
function crowding(broker: PlaceableBroker, chosen: readonly PlaceableBroker[]): number {
  const onHost = chosen.filter((each) => each.host === broker.host).length;
  const inRack = chosen.filter((each) => each.rack === broker.rack).length;
  return onHost * (chosen.length + 1) + inRack;
}
