import { ListOffsets } from '@ks/protocol';
import type { PartitionHistory, Placed } from '../history/partition-history.ts';
import type { SimClient } from '../sim-client.ts';
import { choose, pick, type Stage } from './actor.ts';

export const LATEST = -1;
export const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const MAX_TIMESTAMP_SINCE = 7;

/** Where the broker says that something lies; -1 for nothing. */
export interface ToldOffset {
  readonly offset: number;
  readonly timestamp: number;
}

/** Asks for an offset; undefined where the broker did not say. */
export async function listOffset(
  client: SimClient,
  partition: PartitionHistory,
  timestamp: number,
  isolationLevel = 0,
): Promise<ToldOffset | undefined> {
  const version = client.version(ListOffsets, timestamp === MAX_TIMESTAMP ? MAX_TIMESTAMP_SINCE : 2);
  if (version === undefined) return undefined;
  const { life } = client;
  const { highWatermark, logStartOffset } = partition;
  const answer = await client.request(ListOffsets, version, {
    replicaId: -1,
    isolationLevel,
    topics: [{ name: partition.topic, partitions: [{ partitionIndex: partition.index, timestamp }] }],
  });
  const told = answer?.topics[0]?.partitions[0];
  if (told === undefined || told.errorCode !== 0) return undefined;
  if (timestamp === LATEST && isolationLevel === 0) partition.toldHighWatermark(told.offset, highWatermark, life);
  if (timestamp === EARLIEST) partition.toldLogStart(told.offset, logStartOffset, life);
  return { offset: told.offset, timestamp: told.timestamp };
}

/** Asks for some offset by time and holds the answer to the records that are known. */
export async function lookUp(stage: Stage, client: SimClient, partition: PartitionHistory): Promise<void> {
  const { random, history } = stage;
  const known = partition.placed().filter(({ endOffset }) => endOffset <= partition.highWatermark);
  const some = pick(random, known)?.attempt.timestamps;
  const timestamp = choose(random, [
    [1, LATEST],
    [1, EARLIEST],
    [1, MAX_TIMESTAMP],
    [some === undefined ? 0 : 4, (some?.[0] ?? 0) + random.int(5) - 2],
  ]);
  const { life } = client;
  const told = await listOffset(client, partition, timestamp);
  history.count(`look up ${timestamp < 0 ? timestamp : 'a time'}`);
  if (told === undefined || timestamp === LATEST || timestamp === EARLIEST) return;
  // What retention or a power cut has taken since cannot be told from what was there.
  const { isTrimmed, isAppendTime, isCompacted } = partition.traits;
  if (
    isTrimmed ||
    partition.mayHaveDeletions ||
    isAppendTime ||
    isCompacted ||
    life !== partition.life ||
    partition.isDoomed
  )
    return;
  const fault = faultOf(timestamp, told, known);
  if (fault !== undefined) history.violate(`${partition.name}: looking up ${timestamp} gave ${told.offset}: ${fault}`);
}

function faultOf(asked: number, told: ToldOffset, known: readonly Placed[]): string | undefined {
  // As in Kafka: nothing, while the record with the greatest time is not committed yet.
  if (asked === MAX_TIMESTAMP && told.offset < 0) return undefined;
  for (const { attempt, baseOffset } of known) {
    for (const [index, timestamp] of attempt.timestamps.entries()) {
      const offset = baseOffset + index;
      if (offset === told.offset && timestamp !== told.timestamp)
        return `its time is ${timestamp}, not ${told.timestamp}`;
      const isBetter =
        asked === MAX_TIMESTAMP
          ? timestamp > told.timestamp || (timestamp === told.timestamp && offset < told.offset)
          : timestamp >= asked && (told.offset < 0 || offset < told.offset);
      if (isBetter) return `${offset} has the time ${timestamp}`;
    }
  }
  return undefined;
}
