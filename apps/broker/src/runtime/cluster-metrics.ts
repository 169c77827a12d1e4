import type { ClusterImage } from '../core/metadata/image.ts';
import type { CollectedFamily, Metrics } from '../ports/metrics.ts';

interface Family extends CollectedFamily {
  readonly read: (image: ClusterImage, brokerId: number) => number;
}

function partitions(image: ClusterImage, isMeant: (partition: { readonly leader: number }) => boolean): number {
  let count = 0;
  for (const { partitions: all } of image.topicsByName.values()) for (const each of all) if (isMeant(each)) count += 1;
  return count;
}

const families: readonly Family[] = [
  {
    ...{ name: 'ks_active_controller', help: '1 where this broker is the controller.', type: 'gauge' },
    read: ({ controllerId }, brokerId) => (controllerId === brokerId ? 1 : 0),
  },
  {
    ...{ name: 'ks_offline_partitions', help: 'Partitions of the cluster that have no leader.', type: 'gauge' },
    read: (image) => partitions(image, ({ leader }) => leader < 0),
  },
  {
    ...{ name: 'ks_leader_partitions', help: 'Partitions that this broker leads.', type: 'gauge' },
    read: (image, brokerId) => partitions(image, ({ leader }) => leader === brokerId),
  },
  { name: 'ks_topics', help: 'Topics of the cluster.', type: 'gauge', read: ({ topicsByName }) => topicsByName.size },
  {
    ...{ name: 'ks_brokers', help: 'Brokers of the cluster that are not fenced.', type: 'gauge' },
    read: ({ brokers }) => [...brokers.values()].filter(({ fenced }) => !fenced).length,
  },
];

/** What the metadata in force says, gathered when somebody looks; nothing before the first image. */
export function registerClusterMetrics(
  metrics: Metrics,
  brokerId: number,
  imageInForce: () => ClusterImage | undefined,
): void {
  metrics.collected(families, () => {
    const image = imageInForce();
    if (image === undefined) return {};
    return Object.fromEntries(families.map(({ name, read }) => [name, [{ labels: {}, value: read(image, brokerId) }]]));
  });
}
