import type { Assignor } from '../groups/assignors.ts';
import type { OffsetSpec } from '../offsets/list-offsets.ts';
import type { ConsumerOptions } from './consumer-options.ts';

/** How a consumer takes part in a group. */
export interface GroupConsumerOptions extends ConsumerOptions {
  /** The name of the group, whose members share the partitions of what they read. */
  readonly group: string;
  /** Where partitions start for which the group has committed nothing. Default 'end'. */
  readonly from?: OffsetSpec | undefined;
  /** A static member: it may be away for less than the session without a rebalance (KIP-345). */
  readonly groupInstanceId?: string | undefined;
  /** What is done is committed this often, in milliseconds; false: only by `commit`. Default 5000. */
  readonly autoCommitIntervalMs?: number | false | undefined;
  /** After this long without a sign of life the group goes on without the member. Default 45 000. */
  readonly sessionTimeoutMs?: number | undefined;
  /** Default 3000. */
  readonly heartbeatIntervalMs?: number | undefined;
  /** How long the group waits for its members when it hands out partitions anew, in milliseconds. Default 60 000. */
  readonly rebalanceTimeoutMs?: number | undefined;
  /** Who divides the partitions, in the order of preference. Default: range, round robin. */
  readonly assignors?: readonly Assignor[] | undefined;
}
