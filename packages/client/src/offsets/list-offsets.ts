import { ErrorCode, ListOffsets } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { asKafkaError, errorFromCode, KafkaError } from '../kafka-error.ts';

/**
 * A place in a partition: its first offset, its end (the offset that the next record gets; under read_committed the last
 * stable offset), the first record written at or after a time (milliseconds since the epoch), or the record with the
 * greatest timestamp (Kafka 3.0 on).
 */
export type OffsetSpec = 'beginning' | 'end' | 'maxTimestamp' | { readonly timestamp: number };

export type IsolationLevel = 'read_uncommitted' | 'read_committed';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface OffsetQuery extends TopicPartition {
  readonly at: OffsetSpec;
}

export interface ListedOffset extends TopicPartition {
  /** -1 where no record is that late, or the partition is empty (for `maxTimestamp`). */
  readonly offset: number;
  /** Of the record found by time, in milliseconds since the epoch; else -1. */
  readonly timestamp: number;
  readonly leaderEpoch: number;
}

export interface ListOffsetsOptions {
  readonly isolationLevel?: IsolationLevel | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const isolationLevelIds = { read_uncommitted: 0, read_committed: 1 } as const;

/** Versions that the special timestamps need: -3 came with 7 (KIP-734). */
const MAX_TIMESTAMP_SINCE = 7;

/** Looks up offsets, each at its partition's leader, trying again where leaders move. The answers are in the order of the queries. */
export async function listOffsets(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  options: ListOffsetsOptions = {},
): Promise<ListedOffset[]> {
  const found = new Map<OffsetQuery, ListedOffset>();
  const topics = [...new Set(queries.map((query) => query.topic))];
  await cluster.retrying(() => listMissing(cluster, queries, found, options), { signal: options.signal, topics });
  return queries.map((query) => found.get(query)).filter((listed) => listed !== undefined);
}

/** Asks for what is not found yet; throws the worst error of those that failed. */
async function listMissing(
  cluster: Cluster,
  queries: readonly OffsetQuery[],
  found: Map<OffsetQuery, ListedOffset>,
  options: ListOffsetsOptions,
): Promise<void> {
  const groups = new Map<string, Group>();
  const failures: KafkaError[] = [];
  for (const query of queries) {
    if (found.has(query)) continue;
    const { leaderId, leaderEpoch } = await cluster.partition(query.topic, query.partition, options.signal);
    if (leaderId < 0) {
      failures.push(errorFromCode(ErrorCode.LEADER_NOT_AVAILABLE, 'the partition has no leader', query));
      continue;
    }
    const timestamp = timestampOf(query.at);
    const key = `${leaderId} ${timestamp}`;
    const group = groups.get(key) ?? { leaderId, timestamp, members: [] };
    groups.set(key, group);
    group.members.push({ query, leaderEpoch });
  }
  await Promise.all(
    [...groups.values()].map(async (group) => {
      try {
        await listGroup(cluster, group, found, failures, options);
      } catch (error) {
        failures.push(asKafkaError(error));
      }
    }),
  );
  const worst = failures.find((failure) => !failure.retriable) ?? failures[0];
  if (worst !== undefined) throw worst;
}

interface Group {
  readonly leaderId: number;
  readonly timestamp: number;
  readonly members: { readonly query: OffsetQuery; readonly leaderEpoch: number }[];
}

async function listGroup(
  cluster: Cluster,
  group: Group,
  found: Map<OffsetQuery, ListedOffset>,
  failures: KafkaError[],
  options: ListOffsetsOptions,
): Promise<void> {
  const { signal, isolationLevel = 'read_uncommitted' } = options;
  const topics = new Map<string, { partitionIndex: number; currentLeaderEpoch: number; timestamp: number }[]>();
  const queries = new Map<string, OffsetQuery>();
  for (const { query, leaderEpoch } of group.members) {
    const partitions = topics.get(query.topic) ?? [];
    topics.set(query.topic, partitions);
    partitions.push({ partitionIndex: query.partition, currentLeaderEpoch: leaderEpoch, timestamp: group.timestamp });
    queries.set(`${query.topic} ${query.partition}`, query);
  }
  const response = await cluster.callBroker(
    group.leaderId,
    ListOffsets,
    {
      replicaId: -1,
      isolationLevel: isolationLevelIds[isolationLevel],
      topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
      timeoutMs: cluster.options.requestTimeoutMs,
    },
    {
      signal,
      atLeast:
        group.timestamp === SPECIAL.maxTimestamp ? MAX_TIMESTAMP_SINCE : isolationLevel === 'read_committed' ? 2 : 1,
    },
  );
  for (const { name, partitions } of response.topics) {
    for (const { partitionIndex, errorCode, offset, timestamp, leaderEpoch } of partitions) {
      const query = queries.get(`${name} ${partitionIndex}`);
      if (query === undefined) continue;
      queries.delete(`${name} ${partitionIndex}`);
      if (errorCode !== ErrorCode.NONE) failures.push(errorFromCode(errorCode, undefined, query));
      else keep(found, group.members, { topic: name, partition: partitionIndex, offset, timestamp, leaderEpoch });
    }
  }
  for (const query of queries.values()) {
    failures.push(
      new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, 'the broker left the partition out of its answer', {
        ...query,
        retriable: true,
      }),
    );
  }
}

/** The same partition may have been asked for twice. */
function keep(found: Map<OffsetQuery, ListedOffset>, members: Group['members'], listed: ListedOffset): void {
  for (const { query } of members) {
    if (query.topic === listed.topic && query.partition === listed.partition) found.set(query, listed);
  }
}

const SPECIAL = { end: -1, beginning: -2, maxTimestamp: -3 } as const;

function timestampOf(spec: OffsetSpec): number {
  return typeof spec === 'string' ? SPECIAL[spec] : Math.max(0, spec.timestamp);
}
