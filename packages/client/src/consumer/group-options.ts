import type { Assignor } from '../groups/assignors/assignor.ts';
import type { OffsetSpec, TopicPartition } from '../offsets/list-offsets.ts';
import type { ConsumerOptions, PartitionOffset } from './consumer-options.ts';

/** How a consumer takes part in a group. */
export interface GroupConsumerOptions extends ConsumerOptions {
  /** The name of the group, whose members share the partitions of what they read. */
  readonly group: string;
  /**
   * How the group is run. `consumer`: by the broker (KIP-848). `classic`: by its members. Default `auto`: by the broker where it offers
   * that and no `assignors` are given.
   */
  readonly protocol?: 'auto' | 'consumer' | 'classic' | undefined;
  /**
   * Where partitions start for which the group has committed nothing. Default 'end'. Partitions that are added while this consumer is a
   * member start at their beginning, so that nothing is left out.
   */
  readonly from?: OffsetSpec | undefined;
  /** A static member: it may be away for less than the session without a rebalance (KIP-345). */
  readonly groupInstanceId?: string | undefined;
  /**
   * What is done is committed this often, in milliseconds. 0: each record or batch as soon as it is done, before the next is given. false:
   * only by `commit`, or in a transaction. Default 5000.
   */
  readonly autoCommitIntervalMs?: number | false | undefined;
  /**
   * How long the reader may be away with what it was given, in milliseconds: after that the others take over its partitions, and it joins
   * again when it comes back. Default 300 000.
   */
  readonly maxPollIntervalMs?: number | undefined;
  /** After this long without a sign of life the group goes on without the member. In the new protocol brokers set it. Default 45 000. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Default 3000; in the new protocol what brokers ask for, where that is less. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** How long the group waits for its members when partitions are given up, in milliseconds. Default 60 000. */
  readonly rebalanceTimeoutMs?: number | undefined;
  /** Who divides the partitions of a classic group, in the order of preference. Default: range, cooperative sticky, as in Java. */
  readonly assignors?: readonly Assignor[] | undefined;
  /** Who divides the partitions in the new protocol: a name that brokers know, as `uniform` or `range`. Default: the broker's choice. */
  readonly serverAssignor?: string | undefined;
  /** Partitions came, and are read once this is settled. An error that it throws ends the reading. */
  readonly onAssigned?: ((partitions: readonly PartitionOffset[]) => void | Promise<void>) | undefined;
  /** Partitions go: nothing of them is in hand, and what was done is committed after this is settled. */
  readonly onRevoked?: ((partitions: readonly TopicPartition[]) => void | Promise<void>) | undefined;
  /** Partitions are gone: the group went on without this member, and others may read them already. */
  readonly onLost?: ((partitions: readonly TopicPartition[]) => void | Promise<void>) | undefined;
}
