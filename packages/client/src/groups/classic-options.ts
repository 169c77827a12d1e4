import type { Assignor } from './assignors/assignor.ts';
import type { TopicSubscription } from './subscription.ts';

export interface ClassicMembershipOptions {
  readonly groupId: string;
  /** A static member (KIP-345): it may restart within the session without a rebalance. */
  readonly groupInstanceId: string | undefined;
  readonly rackId: string | undefined;
  readonly subscription: TopicSubscription;
  /** In the order of preference. */
  readonly assignors: readonly Assignor[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** The connections that no one else waits on: a join is answered when all have joined. */
  readonly channel: string;
}
