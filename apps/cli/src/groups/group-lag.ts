import type { Admin, TopicPartition } from '@ks/client';

/** How far a group is in one partition. */
export interface PartitionLag extends TopicPartition {
  readonly group: string;
  /** Null where the group has committed nothing. */
  readonly committed: number | null;
  readonly end: number;
  /** Records between the two; null where nothing is committed. */
  readonly lag: number | null;
  /** The client that reads it now. */
  readonly member: string | null;
}

/** What a group has committed or is assigned, beside where those partitions end. By topic and partition. */
export async function groupLag(admin: Admin, group: string): Promise<readonly PartitionLag[]> {
  const [[described], committed] = await Promise.all([admin.describeGroups([group]), admin.listGroupOffsets(group)]);
  const key = ({ topic, partition }: TopicPartition): string => `${topic} ${partition}`;
  const partitions = new Map<string, TopicPartition>();
  const offsets = new Map<string, number>();
  const members = new Map<string, string>();
  for (const { topic, partition, offset } of committed) {
    partitions.set(key({ topic, partition }), { topic, partition });
    offsets.set(key({ topic, partition }), offset);
  }
  for (const { clientId, clientHost, assignment } of described?.members ?? []) {
    for (const one of assignment) {
      partitions.set(key(one), one);
      members.set(key(one), `${clientId} ${clientHost.replace(/^\//, '')}`);
    }
  }
  const sorted = [...partitions.values()].toSorted((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  );
  const there = await existing(admin, sorted);
  const ends = await admin.listOffsets(there.map((one) => ({ ...one, at: 'end' })));
  return there.map((one, index) => {
    const end = ends[index]?.offset ?? 0;
    const offset = offsets.get(key(one)) ?? null;
    const lag = offset === null ? null : Math.max(0, end - offset);
    return { group, ...one, committed: offset, end, lag, member: members.get(key(one)) ?? null };
  });
}

/** Without those of topics that were deleted since: nobody can be behind in them. */
async function existing(admin: Admin, partitions: readonly TopicPartition[]): Promise<readonly TopicPartition[]> {
  const counts = new Map(
    (await admin.listTopics({ includeInternal: true })).map(({ name, partitionCount }) => [name, partitionCount]),
  );
  return partitions.filter(({ topic, partition }) => partition < (counts.get(topic) ?? 0));
}
