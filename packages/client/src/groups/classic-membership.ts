import { type Api, ErrorCode, Heartbeat, JoinGroup, LeaveGroup, type ResponseOf, SyncGroup } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { asKafkaError, ClientErrorCode, errorFromCode, KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import { backoffMs } from '../retry-policy.ts';
import { sleep } from '../sleep.ts';
import type { Assignor, Subscriber } from './assignors.ts';
import { assignedPartitions, assignmentBytes, subscribedTopics, subscriptionBytes } from './consumer-protocol-bytes.ts';
import { findCoordinator } from './coordinator.ts';
import type { Membership, MembershipHost } from './membership.ts';

export interface ClassicMembershipOptions {
  readonly groupId: string;
  /** A static member (KIP-345): it may restart within the session without a rebalance. */
  readonly groupInstanceId: string | undefined;
  readonly topics: readonly string[];
  /** In the order of preference. */
  readonly assignors: readonly Assignor[];
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** The connections that no one else waits on: a join is answered when all have joined. */
  readonly channel: string;
}

const PROTOCOL_TYPE = 'consumer';
/** The group goes on without asking the member: it begins again, as a new one. */
const lostCodes: readonly number[] = [ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION];

interface Generation {
  readonly id: number;
  readonly nodeId: number;
  readonly partitions: readonly TopicPartition[];
}

/** A member of a classic group, whose partitions are all given up for a rebalance and handed out anew (eager). */
export class ClassicMembership implements Membership {
  readonly #cluster: Cluster;
  readonly #options: ClassicMembershipOptions;
  readonly #host: MembershipHost;
  readonly #stopping = new AbortController();
  #memberId = '';
  #nodeId: number | undefined;
  #running: Promise<void> | undefined;

  constructor(cluster: Cluster, options: ClassicMembershipOptions, host: MembershipHost) {
    this.#cluster = cluster;
    this.#options = options;
    this.#host = host;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new KafkaError(ClientErrorCode.CLOSED, 'the consumer was closed'));
    await this.#running;
    if (this.#memberId !== '' && this.#options.groupInstanceId === undefined) await this.#leave();
    this.#cluster.closeChannel(this.#options.channel);
  }

  /** Generation after generation; never rejects. */
  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopping) {
      let isAssigned = false;
      try {
        const generation = await this.#join();
        failures = 0;
        isAssigned = true;
        await this.#host.assigned(generation.partitions, this.#committer(generation));
        await this.#beat(generation);
        await this.#host.revoked('revoked');
      } catch (error) {
        const failure = asKafkaError(error);
        if (isAssigned) await this.#host.revoked(this.#isStopping ? 'revoked' : 'lost').catch(() => undefined);
        if (this.#isStopping) return;
        if (lostCodes.includes(failure.code)) this.#memberId = '';
        else if (!failure.retriable && failure.code !== ErrorCode.REBALANCE_IN_PROGRESS) {
          this.#host.failed(failure);
          return;
        }
        failures += 1;
        await this.#pause(backoffMs(this.#cluster.options.retry, failures, this.#cluster.options.random));
      }
    }
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted || this.#cluster.isClosed;
  }

  #committer({ id }: Generation) {
    const { groupInstanceId } = this.#options;
    return { memberId: this.#memberId, generationIdOrMemberEpoch: id, ...(groupInstanceId && { groupInstanceId }) };
  }

  /** Joins until the member has its part of a generation. */
  async #join(): Promise<Generation> {
    const { groupId, rebalanceTimeoutMs, sessionTimeoutMs, assignors, topics } = this.#options;
    this.#nodeId = await findCoordinator(this.#cluster, groupId, this.#stopping.signal);
    const metadata = subscriptionBytes(topics);
    const joined = await this.#call(
      JoinGroup,
      {
        groupId,
        sessionTimeoutMs,
        rebalanceTimeoutMs,
        memberId: this.#memberId,
        groupInstanceId: this.#options.groupInstanceId ?? null,
        protocolType: PROTOCOL_TYPE,
        protocols: assignors.map(({ name }) => ({ name, metadata })),
      },
      rebalanceTimeoutMs,
    );
    if (joined.errorCode === ErrorCode.MEMBER_ID_REQUIRED) {
      // KIP-394: the group gave the member a name to come back with.
      this.#memberId = joined.memberId;
      return this.#join();
    }
    throwIfFailed(joined.errorCode);
    this.#memberId = joined.memberId;
    const isLeader = joined.leader === joined.memberId && !joined.skipAssignment;
    const synced = await this.#call(
      SyncGroup,
      {
        groupId,
        generationId: joined.generationId,
        memberId: this.#memberId,
        groupInstanceId: this.#options.groupInstanceId ?? null,
        protocolType: PROTOCOL_TYPE,
        protocolName: joined.protocolName,
        assignments: isLeader ? await this.#assign(joined) : [],
      },
      rebalanceTimeoutMs,
    );
    throwIfFailed(synced.errorCode);
    return { id: joined.generationId, nodeId: this.#nodeId, partitions: assignedPartitions(synced.assignment) };
  }

  /** What the leader hands out. */
  async #assign({ protocolName, members }: ResponseOf<typeof JoinGroup>) {
    const assignor = this.#options.assignors.find(({ name }) => name === protocolName);
    if (assignor === undefined) {
      const message = `the group chose the assignor ${protocolName}, which this consumer has not`;
      throw new KafkaError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL, message);
    }
    const subscribers = members.map(({ memberId, groupInstanceId, metadata }): Subscriber => {
      return { memberId, groupInstanceId, topics: subscribedTopics(metadata) };
    });
    const counts = new Map<string, number>();
    for (const topic of new Set(subscribers.flatMap(({ topics }) => topics))) {
      const view = await this.#cluster.topic(topic, this.#stopping.signal).catch(unknownTopic);
      if (view !== undefined) counts.set(topic, view.partitions.length);
    }
    const assigned = assignor.assign(subscribers, counts);
    return [...assigned].map(([memberId, partitions]) => ({ memberId, assignment: assignmentBytes(partitions) }));
  }

  /** Settles when the group wants a rebalance. Rejects with what ended the membership. */
  async #beat({ id: generationId }: Generation): Promise<void> {
    const { groupId, heartbeatIntervalMs, sessionTimeoutMs } = this.#options;
    const { clock } = this.#cluster.options;
    let aliveAtMs = clock.monotonicMs();
    for (;;) {
      await sleep(clock, heartbeatIntervalMs, this.#stopping.signal, this.#cluster.closing);
      const groupInstanceId = this.#options.groupInstanceId ?? null;
      const body = { groupId, generationId, memberId: this.#memberId, groupInstanceId };
      try {
        const { errorCode } = await this.#call(Heartbeat, body, 0);
        if (errorCode === ErrorCode.REBALANCE_IN_PROGRESS) return;
        throwIfFailed(errorCode);
        aliveAtMs = clock.monotonicMs();
      } catch (error) {
        const failure = asKafkaError(error);
        // Without a word from the coordinator the session goes on as long as it can have lasted there.
        const isOver = clock.monotonicMs() - aliveAtMs > sessionTimeoutMs;
        if (!failure.retriable || isOver || this.#isStopping) throw failure;
        this.#nodeId = await findCoordinator(this.#cluster, groupId, this.#stopping.signal).catch(() => this.#nodeId);
      }
    }
  }

  async #leave(): Promise<void> {
    const { groupId } = this.#options;
    const members = [{ memberId: this.#memberId, groupInstanceId: null }];
    const connection = await this.#connection().catch(() => undefined);
    // Whoever cannot say goodbye is missed when the session ends.
    await connection
      ?.call(LeaveGroup, (version) => (version >= 3 ? { groupId, members } : { groupId, memberId: this.#memberId }), {
        timeoutMs: this.#cluster.options.connectTimeoutMs,
      })
      .catch(() => undefined);
  }

  /** A request to the coordinator that may take `waitMs` longer than others. */
  async #call<ReqIn, ReqOut, ResIn, ResOut>(
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    body: ReqIn,
    waitMs: number,
  ): Promise<ResOut> {
    const connection = await this.#connection();
    const timeoutMs = this.#cluster.options.requestTimeoutMs + waitMs;
    return connection.connection.request(api, connection.versions.pick(api), body, {
      timeoutMs,
      signal: this.#stopping.signal,
    });
  }

  #connection() {
    return this.#cluster.connectionTo(this.#nodeId ?? -1, this.#options.channel);
  }

  async #pause(delayMs: number): Promise<void> {
    await sleep(this.#cluster.options.clock, delayMs, this.#stopping.signal, this.#cluster.closing).catch(
      () => undefined,
    );
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
