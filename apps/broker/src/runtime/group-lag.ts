import { BATCH_HEADER_BYTES, baseTimestamp } from '@ks/protocol';
import type { Clock } from '../ports/clock.ts';
import type { CollectedFamily, CollectedSamples, Metrics, Sample } from '../ports/metrics.ts';
import { copyRangeOfParts, releaseParts } from '../ports/wire-part.ts';
import type { HostedPartition, ReplicaManager } from './replica-manager.ts';

/** What a group has committed of one partition. */
export interface GroupPosition {
  readonly groupId: string;
  readonly topic: string;
  readonly partitionIndex: number;
  readonly offset: number;
}

export interface GroupLagSource {
  readonly groups: { committedPositions(): Iterable<GroupPosition> };
  readonly replicas: Pick<ReplicaManager, 'partition'>;
  readonly clock: Pick<Clock, 'wallMs'>;
}

const labelNames = ['group', 'topic', 'partition'];
const families: readonly CollectedFamily[] = [
  {
    name: 'ks_group_lag_records',
    help: 'Offsets between the commit and the high watermark.',
    type: 'gauge',
    labelNames,
  },
  {
    name: 'ks_group_lag_seconds',
    help: 'Age of the batch with the next record to read; 0 where the group has read everything.',
    type: 'gauge',
    labelNames,
  },
  { name: 'ks_group_committed_offset', help: 'What the group has committed.', type: 'gauge', labelNames },
];

/** Lag of every group coordinated here, by partition that is led here, gathered when somebody looks. */
export function registerGroupLag(metrics: Metrics, source: GroupLagSource): void {
  let ages = new Map<string, { readonly offset: number; readonly timestampMs: number }>();
  metrics.collected(families, async () => {
    const seen: typeof ages = new Map();
    const samples = { records: [] as Sample[], seconds: [] as Sample[], committed: [] as Sample[] };
    for (const { groupId, topic, partitionIndex, offset } of [...source.groups.committedPositions()]) {
      const labels = { group: groupId, topic, partition: String(partitionIndex) };
      samples.committed.push({ labels, value: offset });
      const partition = source.replicas.partition(topic, partitionIndex);
      if (partition === undefined || !partition.isOpen || !partition.isLeader) continue;
      const lag = Math.max(0, partition.highWatermark - offset);
      samples.records.push({ labels, value: lag });
      if (lag === 0) {
        samples.seconds.push({ labels, value: 0 });
        continue;
      }
      // The batch at an offset never changes: a group that stands still costs no read.
      const key = `${topic}-${partitionIndex}@${offset}`;
      const known = ages.get(key) ?? { offset, timestampMs: await timestampAt(partition, offset) };
      if (known.timestampMs < 0) continue;
      seen.set(key, known);
      samples.seconds.push({ labels, value: Math.max(0, source.clock.wallMs() - known.timestampMs) / 1000 });
    }
    ages = seen;
    return {
      ks_group_lag_records: samples.records,
      ks_group_lag_seconds: samples.seconds,
      ks_group_committed_offset: samples.committed,
    } satisfies CollectedSamples;
  });
}

/** When the batch that holds `offset`, or the next one, began; -1 where that cannot be told. */
async function timestampAt({ log, highWatermark, logStartOffset }: HostedPartition, offset: number): Promise<number> {
  try {
    const read = await log.read(Math.max(offset, logStartOffset), 0, highWatermark, { minOneBatch: true });
    if (read.type !== 'records') return -1;
    try {
      if (read.sizeBytes < BATCH_HEADER_BYTES) return -1;
      const header = new Uint8Array(BATCH_HEADER_BYTES);
      await copyRangeOfParts(read.parts, 0, header);
      return baseTimestamp(header, 0);
    } finally {
      releaseParts(read.parts);
    }
  } catch {
    // The log failed or its segment went meanwhile: the other measurements are wanted then more than ever.
    return -1;
  }
}
