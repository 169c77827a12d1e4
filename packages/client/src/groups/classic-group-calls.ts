import { type Api, ErrorCode, Heartbeat, JoinGroup, LeaveGroup, type ResponseOf, SyncGroup } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { errorFromCode, KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { Assignor, Subscriber } from './assignors/assignor.ts';
import type { ClassicMembershipOptions } from './classic-options.ts';
import { assignedPartitions, assignmentBytes, subscriptionBytes, subscriptionOf } from './consumer-protocol-bytes.ts';
import { findCoordinator } from './coordinator.ts';

/** A generation of a group, and what it assigns to the member. */
export interface Generation {
  readonly id: number;
  readonly partitions: readonly TopicPartition[];
}

const PROTOCOL_TYPE = 'consumer';
/** From here on several members may leave at once. */
const MEMBERS_LEAVE_SINCE = 3;

/** What a member of a classic group says to its coordinator. */
export class ClassicGroupCalls {
  readonly #cluster: Cluster;
  readonly #options: ClassicMembershipOptions;
  readonly #signal: AbortSignal;
  #memberId = '';
  #nodeId: number | undefined;
  /** How many partitions the topics had when this member, as the leader, assigned them. */
  #assignedCounts: ReadonlyMap<string, number> = new Map();
  #countedAtMs = 0;
  /** What the last generation gave: sticky members ask for it again. */
  #before: readonly TopicPartition[] = [];

  constructor(cluster: Cluster, options: ClassicMembershipOptions, signal: AbortSignal) {
    this.#cluster = cluster;
    this.#options = options;
    this.#signal = signal;
  }

  /** Empty until the group gave one. */
  get memberId(): string {
    return this.#memberId;
  }

  /** The group knows the member no more: it joins under a new name. */
  forget(): void {
    this.#memberId = '';
  }

  async findCoordinator(): Promise<void> {
    this.#nodeId = await findCoordinator(this.#cluster, this.#options.groupId, this.#signal);
  }

  /** Joins until the member has its part of a generation. */
  async join(owned: readonly TopicPartition[], generationId: number): Promise<Generation> {
    const { groupId, rebalanceTimeoutMs, sessionTimeoutMs, assignors, subscription } = this.#options;
    await this.findCoordinator();
    const rackId = this.#options.rackId ?? null;
    const joined = await this.#call(
      JoinGroup,
      {
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId: this.#memberId,
        groupInstanceId: this.#options.groupInstanceId ?? null,
        protocolType: PROTOCOL_TYPE,
        protocols: assignors.map((assignor) => {
          const userData = assignor.userData?.(this.#before, generationId) ?? null;
          const { topics } = subscription;
          const metadata = subscriptionBytes({ topics, ownedPartitions: owned, generationId, rackId, userData });
          return { name: assignor.name, metadata };
        }),
      },
      rebalanceTimeoutMs,
    );
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      // KIP-394: the group gave the member a name to come back with.
      this.#memberId = joined.memberId;
      return this.join(owned, generationId);
    }
    throwIfFailed(joined.errorCode);
    this.#memberId = joined.memberId;
    const partitions = await this.#sync(joined);
    this.#before = partitions;
    return { id: joined.generationId, partitions };
  }

  async #sync(joined: ResponseOf<typeof JoinGroup>): Promise<TopicPartition[]> {
    const isLeader = joined.leader === joined.memberId && !joined.skipAssignment;
    if (!isLeader) this.#assignedCounts = new Map();
    const synced = await this.#call(
      SyncGroup,
      {
        groupId: this.#options.groupId,
        generationId: joined.generationId,
        memberId: this.#memberId,
        groupInstanceId: this.#options.groupInstanceId ?? null,
        protocolType: PROTOCOL_TYPE,
        protocolName: joined.protocolName,
        assignments: isLeader ? await this.#assign(joined) : [],
      },
      this.#options.rebalanceTimeoutMs,
    );
    throwIfFailed(synced.errorCode);
    return assignedPartitions(synced.assignment);
  }

  /** What the leader hands out. */
  async #assign({ protocolName, members }: ResponseOf<typeof JoinGroup>) {
    const assignor = this.#assignorOf(protocolName);
    const subscribers = members.map(({ memberId, groupInstanceId, metadata }): Subscriber => {
      return { memberId, groupInstanceId, ...subscriptionOf(metadata) };
    });
    const topics = [...new Set(subscribers.flatMap((subscriber) => subscriber.topics))];
    // Fresh, so that partitions that were added are seen.
    await this.#cluster.refresh(topics, this.#signal);
    const counts = new Map<string, number>();
    for (const topic of topics) {
      const view = await this.#cluster.topic(topic, this.#signal).catch(unknownTopic);
      counts.set(topic, view?.partitions.length ?? 0);
    }
    this.#assignedCounts = counts;
    this.#countedAtMs = this.#cluster.options.clock.monotonicMs();
    const assigned = assignor.assign(subscribers, counts);
    return [...assigned].map(([memberId, partitions]) => ({ memberId, assignment: assignmentBytes(partitions) }));
  }

  #assignorOf(protocolName: string | null): Assignor {
    const assignor = this.#options.assignors.find(({ name }) => name === protocolName);
    if (assignor !== undefined) return assignor;
    const message = `the group chose the assignor ${protocolName}, which this consumer has not`;
    throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, message);
  }

  /** Whether topics have other partition counts than this member, as the leader, handed out. Asks for metadata where it is old. */
  hasMorePartitions(): boolean {
    const { clock, metadataMaxAgeMs } = this.#cluster.options;
    if (clock.monotonicMs() - this.#countedAtMs > metadataMaxAgeMs) {
      this.#countedAtMs = clock.monotonicMs();
      this.#cluster.refresh([...this.#assignedCounts.keys()]).catch(() => {});
    }
    return [...this.#assignedCounts].some(([topic, count]) => {
      const now = this.#cluster.view.topics.get(topic)?.partitions.length;
      return now !== undefined && now !== count;
    });
  }

  /** False when the group wants a rebalance. Rejects with what the coordinator says otherwise. */
  async heartbeat(generationId: number): Promise<boolean> {
    const { groupId, groupInstanceId = null } = this.#options;
    const body = { groupId, generationId, memberId: this.#memberId, groupInstanceId };
    const { errorCode } = await this.#call(Heartbeat, body, 0);
    if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) return false;
    throwIfFailed(errorCode);
    return true;
  }

  /** Never rejects: whoever cannot say goodbye is missed when the session ends. */
  async leave(): Promise<void> {
    if (this.#memberId === '') return;
    const { groupId } = this.#options;
    const members = [{ memberId: this.#memberId, groupInstanceId: null }];
    const connection = await this.#connection().catch(() => undefined);
    await connection
      ?.call(
        LeaveGroup,
        (version) => (version >= MEMBERS_LEAVE_SINCE ? { groupId, members } : { groupId, memberId: this.#memberId }),
        { timeoutMs: this.#cluster.options.connectTimeoutMs },
      )
      .catch(() => undefined);
    this.forget();
  }

  /** A request to the coordinator that may take `waitMs` longer than others. */
  async #call<ReqIn, ReqOut, ResIn, ResOut>(
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    body: ReqIn,
    waitMs: number,
  ): Promise<ResOut> {
    const connection = await this.#connection();
    const timeoutMs = this.#cluster.options.requestTimeoutMs + waitMs;
    return connection.call(api, body, { timeoutMs, signal: this.#signal });
  }

  #connection() {
    return this.#cluster.connectionTo(this.#nodeId ?? -1, this.#options.channel);
  }
}

function throwIfFailed(code: number): void {
  if (code !== ErrorCode.NONE) throw errorFromCode(code, undefined, {});
}

/** A topic that is not there has no partitions to hand out. */
function unknownTopic(error: unknown): undefined {
  if (error instanceof KafkaError && error.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return undefined;
  throw error;
}
