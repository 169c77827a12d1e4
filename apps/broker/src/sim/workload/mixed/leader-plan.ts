import type { ClassicSubscription } from './consumer-bytes.ts';
import { keyOf } from './mixed-group.ts';

/**
 * What the leader of a classic group gives to each member. A cooperative one (KIP-429) leaves members what they have, up to their
 * share; the rest of it goes to nobody until they have given it up.
 */
export function leaderPlan(
  members: ReadonlyMap<string, ClassicSubscription>,
  partitionCount: (topic: string) => number,
  isCooperative: boolean,
): ReadonlyMap<string, ReadonlySet<string>> {
  const shares = new Map([...members.keys()].map((memberId) => [memberId, new Set<string>()]));
  const topics = new Set([...members.values()].flatMap((each) => each.topics));
  for (const topic of [...topics].sort()) {
    const subscribed = [...members].filter(([, each]) => each.topics.includes(topic)).map(([memberId]) => memberId);
    const keys = Array.from({ length: partitionCount(topic) }, (_, index) => keyOf(topic, index));
    if (isCooperative) giveOn(keys, subscribed, members, shares);
    else for (const [at, key] of keys.entries()) shares.get(subscribed[at % subscribed.length] ?? '')?.add(key);
  }
  return shares;
}

function giveOn(
  keys: readonly string[],
  subscribed: readonly string[],
  members: ReadonlyMap<string, ClassicSubscription>,
  shares: ReadonlyMap<string, Set<string>>,
): void {
  const quota = Math.ceil(keys.length / subscribed.length);
  const counts = new Map(subscribed.map((memberId) => [memberId, 0]));
  const give = (memberId: string, key: string): void => {
    shares.get(memberId)?.add(key);
    counts.set(memberId, (counts.get(memberId) ?? 0) + 1);
  };
  const free: string[] = [];
  for (const key of keys) {
    const owners = [...members].filter(([, { owned }]) => owned.has(key)).map(([memberId]) => memberId);
    const [owner] = owners;
    if (owner === undefined) free.push(key);
    else if (owners.length === 1 && (counts.get(owner) ?? quota) < quota) give(owner, key);
  }
  for (const key of free) {
    const least = subscribed.toSorted((a, b) => (counts.get(a) ?? 0) - (counts.get(b) ?? 0))[0];
    if (least !== undefined) give(least, key);
  }
}
