import type { TopicPartitions } from '../topic-partitions.ts';
import { type AssignedMember, type AssignorInput, isHomogeneous } from './assignor.ts';

/**
 * Gives all members the same number of partitions, as far as their subscriptions allow, and moves as few as it must: no subscriber of a
 * partition has two fewer than the member that gets it.
 */
export function assignUniformly(input: AssignorInput): ReadonlyMap<string, TopicPartitions> {
  const loads = input.members.map((member) => new Load(member));
  const left = keepFormer(loads, input.partitionCounts);
  if (isHomogeneous(input.members)) fillToQuota(loads, left, input.partitionCounts);
  else {
    giveToLeastLoaded(loads, left);
    balance(loads);
  }
  return new Map(loads.map((load) => [load.member.memberId, load.partitions]));
}

/** A topic's partitions that nobody has yet. */
interface Unassigned {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** What a member gets, while it is worked out. */
class Load {
  readonly member: AssignedMember;
  readonly partitions = new Map<string, Set<number>>();
  count = 0;

  constructor(member: AssignedMember) {
    this.member = member;
  }

  add(topicId: string, partition: number): void {
    const partitions = this.partitions.get(topicId);
    if (partitions === undefined) this.partitions.set(topicId, new Set([partition]));
    else partitions.add(partition);
    this.count++;
  }

  /** Takes one of the topic's partitions away, the one that came last. */
  take(topicId: string): number | undefined {
    const partitions = this.partitions.get(topicId);
    const partition = partitions === undefined ? undefined : [...partitions].at(-1);
    if (partitions === undefined || partition === undefined) return undefined;
    partitions.delete(partition);
    if (partitions.size === 0) this.partitions.delete(topicId);
    this.count--;
    return partition;
  }
}

/** Lets everyone keep what it had and may still have; gives back what is left. */
function keepFormer(loads: readonly Load[], partitionCounts: ReadonlyMap<string, number>): readonly Unassigned[] {
  const kept = new Map<string, Set<number>>();
  for (const load of loads) {
    for (const [topicId, partitions] of load.member.target) {
      const partitionCount = load.member.topicIds.has(topicId) ? (partitionCounts.get(topicId) ?? 0) : 0;
      const taken = kept.get(topicId) ?? new Set();
      kept.set(topicId, taken);
      for (const partition of partitions) {
        if (partition >= partitionCount || taken.has(partition)) continue;
        taken.add(partition);
        load.add(topicId, partition);
      }
    }
  }
  return [...partitionCounts].map(([topicId, partitionCount]) => ({
    topicId,
    partitions: Array.from({ length: partitionCount }, (_, partition) => partition).filter(
      (partition) => kept.get(topicId)?.has(partition) !== true,
    ),
  }));
}

/** Everyone may have everything: each gets the same number, some one more, and only what is above that moves. */
function fillToQuota(
  loads: readonly Load[],
  left: readonly Unassigned[],
  partitionCounts: ReadonlyMap<string, number>,
): void {
  const total = [...partitionCounts.values()].reduce((sum, count) => sum + count, 0);
  const quota = Math.floor(total / loads.length);
  const extra = total % loads.length;
  const pool = left.flatMap(({ topicId, partitions }) => partitions.map((partition) => ({ topicId, partition })));
  // Those that have most may have one more: the fewest partitions move.
  const quotas = [...loads]
    .sort((a, b) => b.count - a.count)
    .map((load, index) => ({ load, most: quota + (index < extra ? 1 : 0) }));
  for (const { load, most } of quotas) {
    for (const topicId of [...load.partitions.keys()]) {
      while (load.count > most) {
        const partition = load.take(topicId);
        if (partition === undefined) break;
        pool.push({ topicId, partition });
      }
    }
  }
  dealOut(pool, quotas);
}

/** Deals the pool out in turn, so that a topic's partitions spread over the members. */
function dealOut(
  pool: readonly { readonly topicId: string; readonly partition: number }[],
  quotas: readonly { readonly load: Load; readonly most: number }[],
): void {
  let hungry = quotas.filter(({ load, most }) => load.count < most);
  let turn = 0;
  for (const { topicId, partition } of pool) {
    if (turn >= hungry.length) {
      hungry = hungry.filter(({ load, most }) => load.count < most);
      turn = 0;
    }
    hungry[turn]?.load.add(topicId, partition);
    turn++;
  }
}

/** Gives what is left to the subscriber with the least; topics that few may have come first. */
function giveToLeastLoaded(loads: readonly Load[], left: readonly Unassigned[]): void {
  const subscribersOf = (topicId: string) => loads.filter(({ member }) => member.topicIds.has(topicId));
  const scarceFirst = left
    .map(({ topicId, partitions }) => ({ topicId, partitions, subscribers: subscribersOf(topicId) }))
    .sort((a, b) => a.subscribers.length - b.subscribers.length);
  for (const { topicId, partitions, subscribers } of scarceFirst) {
    for (const partition of partitions) leastLoaded(subscribers)?.add(topicId, partition);
  }
}

/** Moves partitions to subscribers that have at least two fewer, until there are none. */
function balance(loads: readonly Load[]): void {
  const topicIds = new Set(loads.flatMap(({ member }) => [...member.topicIds]));
  const subscribers = new Map(
    [...topicIds].map((topicId) => [topicId, loads.filter(({ member }) => member.topicIds.has(topicId))]),
  );
  for (let moved = true; moved; ) {
    moved = false;
    for (const [topicId, candidates] of subscribers) {
      // Each move makes the sum of the squares smaller: this ends.
      while (moveOne(topicId, candidates)) moved = true;
    }
  }
}

function moveOne(topicId: string, candidates: readonly Load[]): boolean {
  const to = leastLoaded(candidates);
  let from: Load | undefined;
  for (const load of candidates) {
    if (load.partitions.has(topicId) && (from === undefined || load.count > from.count)) from = load;
  }
  if (to === undefined || from === undefined || from.count - to.count < 2) return false;
  const partition = from.take(topicId);
  if (partition === undefined) return false;
  to.add(topicId, partition);
  return true;
}

function leastLoaded(loads: readonly Load[]): Load | undefined {
  let least: Load | undefined;
  for (const load of loads) if (least === undefined || load.count < least.count) least = load;
  return least;
}
