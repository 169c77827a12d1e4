import type { BrokerImage, ClusterImage, PartitionImage, TopicImage } from '../metadata/image.ts';
import { mayLead } from '../metadata/image.ts';
import { isActive, lostItsTail } from '../metadata/lives.ts';
import { type PartitionRecord, partitionRecord } from '../metadata/records.ts';
import type { PartitionChange } from './transactions.ts';

/** What a topic's configuration says about elections. */
export interface ElectionRules {
  /** Already bounded by the number of replicas. */
  readonly minInsyncReplicas: number;
  readonly uncleanLeaderElection: boolean;
}

export interface ElectionChange extends PartitionChange {
  /** Records may be lost that were acknowledged: the new leader was not surely in sync. */
  readonly dataLossPossible: boolean;
}

/**
 * What must change in the partitions for the brokers as they are now: dead brokers leave in-sync sets and lead no more, born
 * ones lead under a new epoch only. It looks at the image alone, so a new controller finds what the last one left undone.
 */
export function planElections(
  image: ClusterImage,
  rulesOf: (topic: TopicImage) => ElectionRules,
): readonly ElectionChange[] {
  const changes: ElectionChange[] = [];
  for (const topic of image.topicsByName.values()) {
    let rules: ElectionRules | undefined;
    for (const partition of topic.partitions) {
      if (isSettled(partition, image.brokers)) continue;
      rules ??= rulesOf(topic);
      const decided = decide(partition, image.brokers, rules);
      if (decided !== undefined) changes.push({ topicId: topic.topicId, from: partition, ...decided });
    }
  }
  return changes;
}

/** Nothing to do: the leader leads by right, every in-sync replica is alive and as it was, and none is about to stop whom others can follow. */
function isSettled(partition: PartitionImage, brokers: ClusterImage['brokers']): boolean {
  const leader = brokers.get(partition.leader);
  if (leader === undefined || leader.fenced || !mayLead(partition, leader)) return false;
  const isWhole = (id: number) => !isFenced(id, brokers) && !lostItsTail(id, partition, brokers);
  if (![...partition.isr, ...partition.elr].every(isWhole)) return false;
  const activeCount = partition.isr.filter((id) => isActive(brokers.get(id))).length;
  return activeCount === partition.isr.length || activeCount === 0;
}

function isFenced(id: number, brokers: ClusterImage['brokers']): boolean {
  return brokers.get(id)?.fenced !== false;
}

type Decision = Pick<ElectionChange, 'to' | 'dataLossPossible'>;

function decide(
  partition: PartitionImage,
  brokers: ClusterImage['brokers'],
  rules: ElectionRules,
): Decision | undefined {
  const whole = (id: number) => !lostItsTail(id, partition, brokers);
  const alive = partition.isr.filter((id) => !isFenced(id, brokers) && whole(id));
  const active = alive.filter((id) => isActive(brokers.get(id)));
  // Who is about to stop goes before it stops, but where nobody else has all records.
  const isr = active.length > 0 ? active : alive;
  const elr = eligible(partition, isr, whole, rules);
  const elected = elect(partition, { isr, elr }, brokers, rules);
  const reborn = elected.leader >= 0 && elected.leader === partition.leader && !leads(partition, brokers);
  const leaderEpoch = elected.leader !== partition.leader || reborn ? partition.leaderEpoch + 1 : partition.leaderEpoch;
  const { dataLossPossible, ...chosen } = elected;
  const stillEligible = chosen.isr.length >= rules.minInsyncReplicas ? [] : chosen.elr;
  const to: PartitionRecord = { ...partitionRecord(partition), ...chosen, elr: stillEligible, leaderEpoch };
  if (same(to, partition)) return undefined;
  return { to: { ...to, partitionEpoch: partition.partitionEpoch + 1 }, dataLossPossible };
}

/** KIP-966: who leaves the in-sync set while it is below min ISR has all that was committed, and stays eligible. */
function eligible(
  partition: PartitionImage,
  isr: readonly number[],
  whole: (id: number) => boolean,
  rules: ElectionRules,
): readonly number[] {
  if (isr.length >= rules.minInsyncReplicas) return [];
  return [...new Set([...partition.elr, ...partition.isr])]
    .filter((id) => whole(id) && !isr.includes(id))
    .sort((a, b) => a - b);
}

type Elected = Pick<PartitionRecord, 'leader' | 'isr' | 'elr' | 'lastKnownElr'> & {
  readonly dataLossPossible: boolean;
};

function elect(
  partition: PartitionImage,
  { isr, elr }: { readonly isr: readonly number[]; readonly elr: readonly number[] },
  brokers: ClusterImage['brokers'],
  rules: ElectionRules,
): Elected {
  const alive = (id: number) => !isFenced(id, brokers);
  const leaderStays = isr.includes(partition.leader) ? partition.leader : undefined;
  const inSync = leaderStays ?? partition.replicas.find((id) => isr.includes(id));
  if (inSync !== undefined) return { leader: inSync, isr, elr, lastKnownElr: [], dataLossPossible: false };
  const fromElr = partition.replicas.find((id) => elr.includes(id) && alive(id));
  if (fromElr !== undefined) {
    return {
      leader: fromElr,
      isr: [fromElr],
      elr: elr.filter((id) => id !== fromElr),
      lastKnownElr: [],
      dataLossPossible: false,
    };
  }
  const lastKnown = partition.leader >= 0 ? [partition.leader] : partition.lastKnownElr;
  const desperate = elr.length === 0 ? lastKnown.find(alive) : undefined;
  const unclean = desperate ?? (rules.uncleanLeaderElection ? partition.replicas.find(alive) : undefined);
  if (unclean !== undefined)
    return { leader: unclean, isr: [unclean], elr: [], lastKnownElr: [], dataLossPossible: true };
  return { leader: -1, isr, elr, lastKnownElr: lastKnown, dataLossPossible: false };
}

function leads(partition: PartitionImage, brokers: ClusterImage['brokers']): boolean {
  const leader: BrokerImage | undefined = brokers.get(partition.leader);
  return leader !== undefined && mayLead(partition, leader);
}

function same(record: PartitionRecord, partition: PartitionImage): boolean {
  const equal = (a: readonly number[], b: readonly number[]) =>
    a.length === b.length && a.every((id, index) => id === b[index]);
  return (
    record.leader === partition.leader &&
    record.leaderEpoch === partition.leaderEpoch &&
    equal(record.isr, partition.isr) &&
    equal(record.elr, partition.elr) &&
    equal(record.lastKnownElr, partition.lastKnownElr)
  );
}
