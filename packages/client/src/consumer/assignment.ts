import type { Cluster } from '../cluster.ts';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import { type IsolationLevel, listOffsets, type OffsetSpec, type TopicPartition } from '../offsets/list-offsets.ts';
import { topicName } from '../topic/topic.ts';
import type { Assignment, PartitionOffset } from './consumer-options.ts';

interface Place extends TopicPartition {
  readonly offset: number | OffsetSpec;
}

/** Every partition that is meant, once, with the offset to start at. */
export async function resolveAssignments(
  cluster: Cluster,
  assignments: readonly Assignment[],
  from: OffsetSpec,
  isolationLevel: IsolationLevel,
  signal: AbortSignal | undefined,
): Promise<PartitionOffset[]> {
  const places: Place[] = [];
  const seen = new Set<string>();
  for (const { topic, partition, offset = from } of assignments) {
    const name = topicName(topic);
    const partitions = partition === undefined ? await allPartitions(cluster, name, signal) : [partition];
    if (partition !== undefined) await cluster.partition(name, partition, signal);
    for (const number of partitions) {
      if (seen.has(`${name} ${number}`)) throw twice(name, number);
      seen.add(`${name} ${number}`);
      places.push({ topic: name, partition: number, offset });
    }
  }
  return resolvePlaces(cluster, places, isolationLevel, signal);
}

/** Where partitions begin or end now. */
export async function boundaryOffsets(
  cluster: Cluster,
  partitions: readonly TopicPartition[],
  at: 'beginning' | 'end',
  isolationLevel: IsolationLevel,
  signal: AbortSignal | undefined,
): Promise<PartitionOffset[]> {
  const queries = partitions.map(({ topic, partition }) => ({ topic, partition, at }));
  const listed = await listOffsets(cluster, queries, { isolationLevel, signal });
  return listed.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
}

/** Offsets of places: a time later than every record means the end. */
async function resolvePlaces(
  cluster: Cluster,
  places: readonly Place[],
  isolationLevel: IsolationLevel,
  signal: AbortSignal | undefined,
): Promise<PartitionOffset[]> {
  const open = places.flatMap(({ topic, partition, offset }) =>
    typeof offset === 'number' ? [] : [{ topic, partition, at: offset }],
  );
  const listed = await listOffsets(cluster, open, { isolationLevel, signal });
  const late = listed
    .filter(({ offset }) => offset < 0)
    .map(({ topic, partition }) => ({ topic, partition, at: 'end' as const }));
  const ends = await listOffsets(cluster, late, { isolationLevel, signal });
  const found = new Map([...listed, ...ends].map((one) => [`${one.topic} ${one.partition}`, one.offset]));
  return places.map(({ topic, partition, offset }) => {
    const at = typeof offset === 'number' ? offset : (found.get(`${topic} ${partition}`) ?? 0);
    if (Number.isSafeInteger(at) && at >= 0) return { topic, partition, offset: at };
    const message = `${at} is no offset for ${topic}-${partition}`;
    throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message, { topic, partition });
  });
}

async function allPartitions(cluster: Cluster, topic: string, signal: AbortSignal | undefined): Promise<number[]> {
  return (await cluster.topic(topic, signal)).partitions.map(({ partition }) => partition);
}

function twice(topic: string, partition: number): KafkaError {
  const message = `${topic}-${partition} is assigned twice`;
  return new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message, { topic, partition });
}
