import type { ClusterDescription, TopicDescription } from '@ks/client';

/** One thing that should be so. */
export interface HealthCheck {
  readonly check: string;
  readonly isHealthy: boolean;
  readonly detail: string;
}

/** Partitions that are named at most; the rest is counted. */
const NAMED_MAX = 5;

/** What is well with a cluster and what is not, by what its brokers say. */
export function clusterHealth(
  { brokers, controllerId }: ClusterDescription,
  topics: readonly TopicDescription[],
): readonly HealthCheck[] {
  const partitions = topics.flatMap(({ name, partitions: own }) => own.map((one) => ({ name, ...one })));
  const counted = (check: string, bad: readonly (typeof partitions)[number][]): HealthCheck => ({
    check,
    isHealthy: bad.length === 0,
    detail: `${bad.length} of ${partitions.length}${namesOf(bad)}`,
  });
  const hasController = brokers.some(({ nodeId }) => nodeId === controllerId);
  return [
    { check: 'brokers', isHealthy: brokers.length > 0, detail: brokers.map(({ nodeId }) => nodeId).join(', ') },
    { check: 'controller', isHealthy: hasController, detail: hasController ? `broker ${controllerId}` : 'none' },
    counted(
      'partitions without a leader',
      partitions.filter(({ leaderId }) => leaderId < 0),
    ),
    counted(
      'under-replicated partitions',
      partitions.filter(({ isr, replicas }) => isr.length < replicas.length),
    ),
    counted(
      'partitions with offline replicas',
      partitions.filter(({ offlineReplicas }) => offlineReplicas.length > 0),
    ),
  ];
}

function namesOf(partitions: readonly { readonly name: string; readonly partition: number }[]): string {
  if (partitions.length === 0) return '';
  const named = partitions.slice(0, NAMED_MAX).map(({ name, partition }) => `${name}:${partition}`);
  return `: ${named.join(', ')}${partitions.length > NAMED_MAX ? ', ...' : ''}`;
}
