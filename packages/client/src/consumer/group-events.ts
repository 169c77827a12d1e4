import type { Cluster } from '../cluster.ts';
import { asKafkaError, type KafkaError } from '../kafka-error.ts';
import type { ConsumerEvent, PartitionName, RebalanceEvent } from '../ports/diagnostics.ts';

/** Tells what a member and its group do, to whoever listens. */
export class GroupEvents {
  readonly #cluster: Cluster;
  readonly #consumer: string;
  readonly #group: string;

  constructor(cluster: Cluster, consumer: string, group: string) {
    this.#cluster = cluster;
    this.#consumer = consumer;
    this.#group = group;
  }

  /** `partitions` are given or taken now; none, where the group has only said that all stays as it is. */
  rebalanced(kind: RebalanceEvent['kind'], partitions: readonly PartitionName[]): void {
    const { rebalance } = this.#cluster.diagnostics;
    if (rebalance.hasSubscribers) rebalance.publish({ ...this.#common, kind, partitions });
  }

  /** Gives back `commit`, and tells how it went. */
  committing(offsets: readonly (PartitionName & { readonly offset: number })[], commit: Promise<void>): Promise<void> {
    const channel = this.#cluster.diagnostics.commit;
    if (!channel.hasSubscribers) return commit;
    const { clock } = this.#cluster.options;
    const startedAtMs = clock.monotonicMs();
    const tell = (error: KafkaError | undefined): void => {
      const places = offsets.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
      channel.publish({ ...this.#common, offsets: places, durationMs: clock.monotonicMs() - startedAtMs, error });
    };
    commit.then(
      () => tell(undefined),
      (error: unknown) => tell(asKafkaError(error)),
    );
    return commit;
  }

  get #common(): ConsumerEvent & { readonly group: string } {
    return { clientId: this.#cluster.options.clientId, consumer: this.#consumer, group: this.#group };
  }
}
