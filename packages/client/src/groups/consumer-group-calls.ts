import { ConsumerGroupHeartbeat, ErrorCode, type RequestInput, type ResponseOf } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { asKafkaError, errorFromCode } from '../kafka-error.ts';
import { findCoordinator } from './coordinator.ts';
import type { TopicSubscription } from './subscription.ts';

export interface ConsumerMembershipOptions {
  readonly groupId: string;
  /** A static member: it may restart within the session without a rebalance. */
  readonly groupInstanceId: string | undefined;
  readonly rackId: string | undefined;
  readonly subscription: TopicSubscription;
  /** Who divides the partitions: `uniform`, `range`; undefined: the broker's choice. */
  readonly serverAssignor: string | undefined;
  /** How long the group waits for the member to give partitions up. */
  readonly rebalanceTimeoutMs: number;
  /** After this long without an answer the partitions are taken for lost. */
  readonly sessionTimeoutMs: number;
  /** More often than the broker asks for. */
  readonly heartbeatIntervalMs: number | undefined;
  readonly channel: string;
}

export type HeartbeatAnswer = ResponseOf<typeof ConsumerGroupHeartbeat>;

/** From here on members name themselves, and may subscribe by an expression. */
const OWN_NAMES_SINCE = 1;

/** What a member of a consumer group says to its coordinator. */
export class ConsumerGroupCalls {
  readonly #cluster: Cluster;
  readonly #options: ConsumerMembershipOptions;
  #nodeId: number | undefined;
  /** The member's name, where the broker is the one to give it (version 0). */
  givenMemberId: string | undefined;

  constructor(cluster: Cluster, options: ConsumerMembershipOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Rejects with what the coordinator says. */
  async heartbeat(body: RequestInput<typeof ConsumerGroupHeartbeat>, signal?: AbortSignal): Promise<HeartbeatAnswer> {
    try {
      const { groupId, channel, subscription } = this.#options;
      this.#nodeId ??= await findCoordinator(this.#cluster, groupId, signal);
      const connection = await this.#cluster.connectionTo(this.#nodeId, channel, signal);
      const answer = await connection.call(
        ConsumerGroupHeartbeat,
        (version) => (version < OWN_NAMES_SINCE ? { ...body, memberId: this.givenMemberId ?? '' } : body),
        {
          timeoutMs: this.#cluster.options.requestTimeoutMs,
          signal,
          atLeast: subscription.expression === null ? 0 : OWN_NAMES_SINCE,
        },
      );
      if (answer.errorCode !== ErrorCode.NONE) throw errorFromCode(answer.errorCode, answer.errorMessage, {});
      this.givenMemberId = answer.memberId ?? this.givenMemberId;
      return answer;
    } catch (error) {
      if (asKafkaError(error).retriable) this.#nodeId = undefined;
      throw error;
    }
  }
}

/** Whether the broker has consumer groups, and the cluster uses them. */
export async function offersConsumerGroups(cluster: Cluster, signal: AbortSignal | undefined): Promise<boolean> {
  const { versions } = await cluster.retrying(() => cluster.anyConnection(signal), { signal });
  return versions.highest(ConsumerGroupHeartbeat) !== undefined && versions.feature('group.version') >= 1;
}
