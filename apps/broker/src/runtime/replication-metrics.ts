import { ErrorCode } from '@ks/protocol';
import type { CollectedFamily, CollectedSamples, Metrics, Sample } from '../ports/metrics.ts';
import type { HostedReplica } from './hosted-replica.ts';
import type { IsrChangeCounts } from './isr-changes.ts';
import type { ReplicaRegistry } from './replica-registry.ts';

export interface ReplicationMetricsSource {
  readonly registry: ReplicaRegistry;
  readonly counts: () => IsrChangeCounts;
}

interface LedFamily extends CollectedFamily {
  /** Whether a partition that is led here counts. */
  readonly isMeant: (replica: HostedReplica) => boolean;
}

function led(name: string, help: string, isMeant: LedFamily['isMeant']): LedFamily {
  return { name, help, type: 'gauge', isMeant };
}

const ledFamilies: readonly LedFamily[] = [
  led(
    'ks_under_replicated_partitions',
    'Partitions led here of which a replica is not in sync.',
    (replica) => replica.isr.length < replica.replicaIds.length,
  ),
  led(
    'ks_under_min_isr_partitions',
    'Partitions led here that refuse acks=all: too few replicas in sync.',
    (replica) => replica.isUnderMinIsr,
  ),
  led(
    'ks_at_min_isr_partitions',
    'Partitions led here that refuse acks=all once another replica falls behind.',
    (replica) => replica.isr.length === replica.effectiveMinIsr,
  ),
];

const OFFLINE: CollectedFamily = {
  name: 'ks_offline_replicas',
  help: 'Replicas of this broker whose log directory has failed.',
  type: 'gauge',
};
const LAG: CollectedFamily = {
  name: 'ks_follower_lag_records',
  help: 'Records that a follower lacks of a partition led here; those of which nothing is known yet are left out.',
  type: 'gauge',
  labelNames: ['topic', 'partition', 'follower'],
};

const counters: readonly (CollectedFamily & { readonly read: (counts: IsrChangeCounts) => number })[] = [
  {
    name: 'ks_isr_shrinks_total',
    help: 'ISRs made smaller by their leaders here.',
    type: 'counter',
    read: (of) => of.shrinks,
  },
  {
    name: 'ks_isr_expands_total',
    help: 'ISRs made larger by their leaders here.',
    type: 'counter',
    read: (of) => of.expands,
  },
  {
    ...{
      name: 'ks_isr_updates_failed_total',
      help: 'Changes of ISRs that the metadata store refused.',
      type: 'counter',
    },
    read: (of) => of.failed,
  },
];

/** What Kafka's monitoring knows as UnderReplicatedPartitions and its like, gathered when somebody looks. */
export function registerReplicationMetrics(metrics: Metrics, { registry, counts }: ReplicationMetricsSource): void {
  metrics.collected([...ledFamilies, OFFLINE, LAG], () => collect(registry));
  metrics.collected(counters, () =>
    Object.fromEntries(counters.map(({ name, read }) => [name, [{ labels: {}, value: read(counts()) }]])),
  );
}

function collect(registry: ReplicaRegistry): CollectedSamples {
  const totals = new Map(ledFamilies.map((family) => [family.name, 0]));
  const lags: Sample[] = [];
  let offline = registry.unavailableCount;
  for (const replica of registry.all()) {
    if (replica.refusal === ErrorCode.KAFKA_STORAGE_ERROR) offline += 1;
    if (!replica.isOpen || !replica.isLeader) continue;
    for (const { name, isMeant } of ledFamilies) if (isMeant(replica)) totals.set(name, (totals.get(name) ?? 0) + 1);
    lags.push(...lagsOf(replica));
  }
  const sums = [...totals].map(([name, value]) => [name, [{ labels: {}, value }]] as const);
  return { ...Object.fromEntries(sums), [OFFLINE.name]: [{ labels: {}, value: offline }], [LAG.name]: lags };
}

function lagsOf(replica: HostedReplica): Sample[] {
  const { topic, partitionIndex, replicaIds, vouchedEndOffset } = replica;
  const samples: Sample[] = [];
  for (const id of replicaIds) {
    const endOffset = replica.follower(id)?.endOffset;
    if (endOffset === undefined) continue;
    const labels = { topic, partition: String(partitionIndex), follower: String(id) };
    samples.push({ labels, value: Math.max(0, vouchedEndOffset - endOffset) });
  }
  return samples;
}
