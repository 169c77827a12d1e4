import type { Admin, IsolationLevel, OffsetSpec, TopicDescription, TopicPartition } from '@ks/client';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { namingTopics } from '../errors/unknown-topic.ts';
import type { OffsetPoint, OffsetRange } from '../offsets/offset-range.ts';
import { requireMatches } from '../topics/matching-topics.ts';
import type { PartitionBounds } from './partition-plan.ts';

/** What to read, as it was asked for. */
export interface Choice {
  /** Names of topics, or regular expressions over them. */
  readonly topics: readonly string[];
  readonly isRegex: boolean;
  /** Undefined: all. */
  readonly partitions: readonly number[] | undefined;
  /** The cluster, for messages. */
  readonly place: string;
}

/** A partition to read, with the broker that leads it. */
export interface ChosenPartition extends TopicPartition {
  readonly leaderId: number;
}

/** The partitions that are meant. Throws NOT_FOUND for a topic or a partition that is not there. */
export async function choosePartitions(admin: Admin, choice: Choice): Promise<readonly ChosenPartition[]> {
  const names = choice.isRegex ? await matching(admin, choice) : [...new Set(choice.topics)];
  const described = await namingTopics(admin, names, choice.place, () => admin.describeTopics(names));
  const chosen = described.flatMap(({ name, partitions }) =>
    partitions
      .filter(({ partition }) => choice.partitions?.includes(partition) !== false)
      .map(({ partition, leaderId }) => ({ topic: name, partition, leaderId })),
  );
  if (choice.partitions !== undefined && !choice.isRegex) requirePartitions(described, choice.partitions);
  return chosen;
}

async function matching(admin: Admin, { topics, place }: Choice): Promise<readonly string[]> {
  return requireMatches(await admin.listTopics(), topics, place);
}

function requirePartitions(topics: readonly TopicDescription[], wanted: readonly number[]): void {
  for (const { name, partitions } of topics) {
    const missing = wanted.find((number) => !partitions.some(({ partition }) => partition === number));
    if (missing === undefined) continue;
    throw new CliError(`topic ${JSON.stringify(name)} has no partition ${missing}`, {
      exitCode: ExitCode.NOT_FOUND,
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      hint: `its partitions are 0 to ${partitions.length - 1}`,
    });
  }
}

/** What the brokers say of each partition's beginning and end, and of the times that the range names. */
export async function boundsOf(
  admin: Admin,
  partitions: readonly TopicPartition[],
  range: OffsetRange,
  isolationLevel: IsolationLevel,
): Promise<readonly PartitionBounds[]> {
  const list = async (at: OffsetSpec | undefined): Promise<readonly (number | undefined)[]> => {
    if (at === undefined || partitions.length === 0) return partitions.map(() => undefined);
    const listed = await admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at })),
      { isolationLevel },
    );
    return listed.map(({ offset }) => offset);
  };
  const [beginnings, ends, fromTimes, toTimes, committed] = await Promise.all([
    list('beginning'),
    list('end'),
    list(timeOf(range.from)),
    list(timeOf(range.to)),
    range.from.type === 'group' ? admin.listGroupOffsets(range.from.group) : [],
  ]);
  return partitions.map((partition, index) => ({
    ...partition,
    beginning: beginnings[index] ?? 0,
    end: ends[index] ?? 0,
    fromTime: fromTimes[index],
    toTime: toTimes[index],
    committed: committed.find((one) => one.topic === partition.topic && one.partition === partition.partition)?.offset,
  }));
}

function timeOf(point: OffsetPoint | undefined): OffsetSpec | undefined {
  return point?.type === 'time' ? { timestamp: point.timestampMs } : undefined;
}
