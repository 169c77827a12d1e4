import type { Cluster } from '../cluster.ts';
import type { ConsumerEvent } from '../ports/diagnostics.ts';
import type { PartitionState } from './partition-state.ts';
import type { TakenBatch } from './reading.ts';

const nothing = { recordsCount: 0, sizeBytes: 0 };

/** Tells what a consumer has and reads, to whoever listens. */
export class ReaderEvents {
  readonly #cluster: Cluster;
  readonly #consumer: Omit<ConsumerEvent, 'clientId'>;

  constructor(cluster: Cluster, consumer: string, group: string | undefined) {
    this.#cluster = cluster;
    this.#consumer = { consumer, group };
  }

  /**
   * A batch was handed out, or passed over as one that nobody sees, and the partition stands behind it. `endOffset`: where the partition
   * ends for this reader, -1 where unknown.
   */
  consumed({ state, batch }: TakenBatch, endOffset: number, isShown: boolean): void {
    const { consume } = this.#cluster.diagnostics;
    if (!consume.hasSubscribers) return;
    const { topic, partition, position } = state;
    const lag = endOffset < 0 ? -1 : Math.max(0, endOffset - position);
    const { recordsCount: records, sizeBytes: bytes } = isShown ? batch : nothing;
    consume.publish({ ...this.#common, topic, partition, records, bytes, position, lag });
  }

  /** The consumer has other partitions than before. */
  assigned(before: readonly PartitionState[], now: readonly PartitionState[]): void {
    const { assignment } = this.#cluster.diagnostics;
    if (!assignment.hasSubscribers) return;
    const added = without(now, before);
    const removed = without(before, now);
    if (added.length + removed.length === 0) return;
    assignment.publish({ ...this.#common, added, removed, partitions: now.length });
  }

  get #common(): ConsumerEvent {
    return { clientId: this.#cluster.options.clientId, ...this.#consumer };
  }
}

function without(some: readonly PartitionState[], others: readonly PartitionState[]) {
  const known = new Set(others);
  return some.filter((one) => !known.has(one)).map(({ topic, partition }) => ({ topic, partition }));
}
