import type { CollectedFamily, CollectedSamples, Metrics, Sample } from '../ports/metrics.ts';
import { PartitionTraffic } from './partition-traffic.ts';
import type { HostedLogDirectory, HostedPartition } from './replica-manager.ts';

export interface PartitionMetricsSource {
  partitions(): Iterable<HostedPartition>;
  logDirectories(): readonly HostedLogDirectory[];
}

interface Family<Of> extends CollectedFamily {
  readonly read: (of: Of) => number;
}

function gauge<Of>(name: string, help: string, labelNames: readonly string[], read: (of: Of) => number): Family<Of> {
  return { name, help, type: 'gauge', labelNames, read };
}

const partitionLabels = ['topic', 'partition'];
const ofPartition: readonly Family<HostedPartition>[] = [
  gauge('ks_partition_log_start_offset', 'First offset of the log.', partitionLabels, (of) => of.logStartOffset),
  gauge('ks_partition_log_end_offset', 'Next offset of the log.', partitionLabels, (of) => of.logEndOffset),
  gauge('ks_partition_high_watermark', 'Where consumers stop reading.', partitionLabels, (of) => of.highWatermark),
  gauge(
    'ks_partition_last_stable_offset',
    'Where readers of committed records stop reading.',
    partitionLabels,
    (of) => of.lastStableOffset,
  ),
  gauge('ks_partition_size_bytes', 'The log without its indexes.', partitionLabels, (of) => of.log.sizeBytes),
  gauge('ks_partition_segments', 'Segments of the log.', partitionLabels, (of) => of.log.segmentCount),
  gauge('ks_partition_leader', '1 where this broker leads.', partitionLabels, (of) => (of.isLeader ? 1 : 0)),
  gauge(
    'ks_partition_under_min_isr',
    '1 where acks=all is refused: too few replicas in sync.',
    partitionLabels,
    (of) => (of.isLeader && of.isUnderMinIsr ? 1 : 0),
  ),
];

function counter(name: string, help: string, read: (of: PartitionTraffic) => number): Family<PartitionTraffic> {
  return { name, help, type: 'counter', labelNames: ['topic'], read };
}

const ofTopic: readonly Family<PartitionTraffic>[] = [
  counter('ks_topic_bytes_in_total', 'Bytes of the batches that clients appended.', (of) => of.bytesIn),
  counter('ks_topic_records_in_total', 'Records that clients appended.', (of) => of.recordsIn),
  counter('ks_topic_bytes_out_total', 'Bytes of records that fetches of consumers were given.', (of) => of.bytesOut),
  counter(
    'ks_topic_replication_bytes_out_total',
    'Bytes of records that followers were given.',
    (of) => of.replicatedBytesOut,
  ),
  counter('ks_topic_replication_bytes_in_total', 'Bytes of records taken from leaders.', (of) => of.replicatedBytesIn),
];

const ofDirectory: readonly Family<HostedLogDirectory>[] = [
  gauge('ks_log_directory_online', '1 while the directory serves.', ['directory'], (of) => (of.isOffline ? 0 : 1)),
  gauge('ks_log_directory_size_bytes', 'Logs in the directory.', ['directory'], (of) =>
    of.partitions.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  ),
];

/** Offsets, sizes and traffic of what this broker hosts, gathered when somebody looks. */
export function registerPartitionMetrics(metrics: Metrics, source: PartitionMetricsSource): void {
  metrics.collected(ofPartition, () =>
    samplesOf(ofPartition, [...source.partitions()], ({ topic, partitionIndex }) => ({
      topic,
      partition: String(partitionIndex),
    })),
  );
  metrics.collected(ofTopic, () => samplesOf(ofTopic, trafficByTopic(source.partitions()), ({ topic }) => ({ topic })));
  metrics.collected(ofDirectory, () =>
    samplesOf(ofDirectory, source.logDirectories(), ({ path }) => ({ directory: path })),
  );
}

function samplesOf<Of>(
  families: readonly Family<Of>[],
  all: readonly Of[],
  labelsOf: (of: Of) => Readonly<Record<string, string>>,
): CollectedSamples {
  const labels = all.map(labelsOf);
  const samples = (family: Family<Of>): readonly Sample[] =>
    all.map((of, index) => ({ labels: labels[index] ?? {}, value: family.read(of) }));
  return Object.fromEntries(families.map((family) => [family.name, samples(family)]));
}

/** One series for each topic, not for each of its partitions. */
function trafficByTopic(
  partitions: Iterable<HostedPartition>,
): readonly (PartitionTraffic & { readonly topic: string })[] {
  const byTopic = new Map<string, PartitionTraffic & { readonly topic: string }>();
  for (const { topic, traffic } of partitions) {
    const sum = byTopic.get(topic) ?? Object.assign(new PartitionTraffic(), { topic });
    sum.appended(traffic.bytesIn, traffic.recordsIn);
    sum.fetched(traffic.bytesOut);
    sum.replicated(traffic.replicatedBytesOut, traffic.replicatedBytesIn);
    byTopic.set(topic, sum);
  }
  return [...byTopic.values()];
}
