import type { TopicPartition } from '../../offsets/list-offsets.ts';
import { ordered, type Subscriber, topicsOf } from './assignor.ts';

/** A partition on its way to a member. */
interface Load {
  readonly memberId: string;
  readonly topics: ReadonlySet<string>;
  readonly partitions: TopicPartition[];
}

/**
 * Divides partitions so that no member has two more than another that could take one of them, and moves as few as that allows from those
 * who have them.
 */
export function balanced(
  subscribers: readonly Subscriber[],
  partitionCounts: ReadonlyMap<string, number>,
): Map<string, TopicPartition[]> {
  const loads = ordered(subscribers).map(({ memberId, topics }): Load => {
    return { memberId, topics: new Set(topics), partitions: [] };
  });
  const owners = ownersOf(subscribers, partitionCounts);
  const byId = new Map(loads.map((load) => [load.memberId, load]));
  const free: TopicPartition[] = [];
  for (const topic of topicsOf(subscribers)) {
    for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition += 1) {
      const owner = byId.get(owners.get(`${topic} ${partition}`)?.memberId ?? '');
      if (owner === undefined) free.push({ topic, partition });
      else owner.partitions.push({ topic, partition });
    }
  }
  // Topics that few can take come first, while there is a choice.
  const takers = new Map(topicsOf(subscribers).map((topic) => [topic, loads.filter((load) => load.topics.has(topic))]));
  free.sort((a, b) => (takers.get(a.topic)?.length ?? 0) - (takers.get(b.topic)?.length ?? 0));
  for (const one of free) lightest(takers.get(one.topic) ?? [])?.partitions.push(one);
  level(loads);
  return new Map(loads.map(({ memberId, partitions }) => [memberId, partitions]));
}

/** Who has each partition: of two that claim one, the later generation; of the same, neither. */
function ownersOf(
  subscribers: readonly Subscriber[],
  partitionCounts: ReadonlyMap<string, number>,
): ReadonlyMap<string, { readonly memberId: string | undefined; readonly generationId: number }> {
  const owners = new Map<string, { memberId: string | undefined; generationId: number }>();
  for (const { memberId, topics, ownedPartitions, generationId } of subscribers) {
    for (const { topic, partition } of ownedPartitions) {
      if (!topics.includes(topic) || partition >= (partitionCounts.get(topic) ?? 0)) continue;
      const key = `${topic} ${partition}`;
      const other = owners.get(key);
      if (other === undefined || other.generationId < generationId) owners.set(key, { memberId, generationId });
      else if (other.generationId === generationId) owners.set(key, { memberId: undefined, generationId });
    }
  }
  return owners;
}

function lightest(loads: readonly Load[]): Load | undefined {
  let found: Load | undefined;
  for (const load of loads) if (found === undefined || load.partitions.length < found.partitions.length) found = load;
  return found;
}

/** Moves partitions from the heavy to the light, one at a time, until no move makes it more even. */
function level(loads: readonly Load[]): void {
  for (let isMoved = true; isMoved; ) {
    isMoved = false;
    const heavyFirst = loads.toSorted((a, b) => b.partitions.length - a.partitions.length);
    for (const heavy of heavyFirst) {
      while (moveOne(heavy, heavyFirst)) isMoved = true;
    }
  }
}

/** Gives the last partition that somebody much lighter can take to the lightest of those. */
function moveOne(heavy: Load, loads: readonly Load[]): boolean {
  const others = loads.filter((load) => load.partitions.length + 1 < heavy.partitions.length);
  if (others.length === 0) return false;
  for (let at = heavy.partitions.length - 1; at >= 0; at -= 1) {
    const one = heavy.partitions[at];
    const light = one && lightest(others.filter((load) => load.topics.has(one.topic)));
    if (one === undefined || light === undefined) continue;
    heavy.partitions.splice(at, 1);
    light.partitions.push(one);
    return true;
  }
  return false;
}
