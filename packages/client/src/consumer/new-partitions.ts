import type { Cluster } from '../cluster.ts';

/** Tells partitions that were added to a topic from those that it had when it was first seen. */
export class NewPartitions {
  readonly #cluster: Cluster;
  readonly #counts = new Map<string, number>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The first call for a topic remembers how many partitions it has. */
  isNew(topic: string, partition: number): boolean {
    let count = this.#counts.get(topic);
    if (count === undefined) {
      count = this.#cluster.view.topics.get(topic)?.partitions.length ?? Number.POSITIVE_INFINITY;
      this.#counts.set(topic, count);
    }
    return partition >= count;
  }
}
