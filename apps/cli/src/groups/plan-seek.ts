import type { Admin, OffsetSpec, TopicPartition } from '@ks/client';
import type { SeekPlace } from './seek-place.ts';

/** What a seek does to one partition. */
export interface SeekStep extends TopicPartition {
  /** What is committed now; null: nothing. */
  readonly from: number | null;
  readonly to: number;
  /** Records that will not be read, or, below 0, that will be read again; null where nothing was committed. */
  readonly skipped: number | null;
}

/**
 * What a seek would do, partition by partition. `partitions` undefined: all that the group has committed. No place lies outside of
 * its log: what is asked for beyond is the end, or the beginning.
 */
export async function planSeek(
  admin: Admin,
  group: string,
  place: SeekPlace,
  partitions: readonly TopicPartition[] | undefined,
): Promise<readonly SeekStep[]> {
  const committed = await admin.listGroupOffsets(group);
  const key = ({ topic, partition }: TopicPartition): string => `${topic} ${partition}`;
  const current = new Map(committed.map((one) => [key(one), one.offset]));
  const chosen = partitions ?? committed.map(({ topic, partition }) => ({ topic, partition }));
  const list = async (at: OffsetSpec): Promise<readonly number[]> =>
    (await admin.listOffsets(chosen.map(({ topic, partition }) => ({ topic, partition, at })))).map(
      ({ offset }) => offset,
    );
  const others =
    place.type === 'group'
      ? new Map((await admin.listGroupOffsets(place.group)).map((one) => [key(one), one.offset]))
      : undefined;
  const [beginnings, ends, times] = await Promise.all([
    list('beginning'),
    list('end'),
    place.type === 'time' ? list({ timestamp: place.timestampMs }) : [],
  ]);
  return chosen.flatMap((one, index) => {
    const [beginning = 0, end = 0, time = -1] = [beginnings[index], ends[index], times[index]];
    const from = current.get(key(one)) ?? null;
    const wanted = wantedOffset(place, { from, beginning, end, time, other: others?.get(key(one)) });
    if (wanted === undefined) return [];
    const to = Math.min(Math.max(wanted, beginning), end);
    return [{ topic: one.topic, partition: one.partition, from, to, skipped: from === null ? null : to - from }];
  });
}

/** Undefined: the partition stays as it is. */
function wantedOffset(
  place: SeekPlace,
  known: {
    readonly from: number | null;
    readonly beginning: number;
    readonly end: number;
    readonly time: number;
    readonly other: number | undefined;
  },
): number | undefined {
  switch (place.type) {
    case 'start':
      return known.beginning;
    case 'end':
      return known.end;
    case 'offset':
      return place.offset;
    case 'relative':
      return known.from === null ? undefined : known.from + place.by;
    case 'time':
      return known.time < 0 ? known.end : known.time;
    case 'group':
      return known.other;
    default:
      return place satisfies never;
  }
}
