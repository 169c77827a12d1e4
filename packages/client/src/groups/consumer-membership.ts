import { type ConsumerGroupHeartbeat, ErrorCode, type RequestInput } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { asKafkaError, ClientErrorCode, KafkaError } from '../kafka-error.ts';
import { topicNamesOf } from '../metadata/topic-names.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import { backoffMs } from '../retry-policy.ts';
import { sleep } from '../sleep.ts';
import { byTopic } from './by-topic.ts';
import { Confirmations } from './confirmations.ts';
import { ConsumerGroupCalls, type ConsumerMembershipOptions, type HeartbeatAnswer } from './consumer-group-calls.ts';
import type { Committer } from './group-offsets.ts';
import { type Membership, type MembershipHost, type RevocationReason, without } from './membership.ts';

const JOINING = 0;
const LEAVING = -1;
/** A group that is still busy with others has nothing for a new member at first: for so long that is not taken for its answer. */
const SETTLING_MS = 3000;
const SETTLING_INTERVAL_MS = 200;
/** A static member that comes back under its instance id. */
const LEAVING_FOR_A_WHILE = -2;
/** The group goes on without it: it begins again. */
const lostCodes: readonly number[] = [ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.FENCED_MEMBER_EPOCH];

/**
 * A member of a consumer group (KIP-848): the broker assigns, and takes each member there in steps, which it learns from the answers to its
 * heartbeats. Heartbeats go on while partitions are given up and taken over.
 */
export class ConsumerMembership implements Membership {
  readonly #cluster: Cluster;
  readonly #options: ConsumerMembershipOptions;
  readonly #host: MembershipHost;
  readonly #calls: ConsumerGroupCalls;
  readonly #stopping = new AbortController();
  readonly #confirmations = new Confirmations();
  readonly #memberId: string;
  #epoch = JOINING;
  #owned: readonly TopicPartition[] = [];
  /** What the broker wants the member to have, until it has it: topic ids with partitions. */
  #target: readonly TopicIdPartitions[] | undefined;
  /** What it has has changed since the broker heard of it. */
  #mustReport = true;
  #reconciling: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #confirmedAtMs: number;
  #joinedAtMs = 0;
  #running: Promise<void> | undefined;

  constructor(cluster: Cluster, options: ConsumerMembershipOptions, host: MembershipHost) {
    this.#cluster = cluster;
    this.#options = options;
    this.#host = host;
    this.#calls = new ConsumerGroupCalls(cluster, options);
    this.#memberId = randomId(cluster);
    this.#confirmedAtMs = cluster.options.clock.monotonicMs();
  }

  get committer(): Committer | undefined {
    if (this.#epoch <= JOINING) return undefined;
    const { groupInstanceId } = this.#options;
    const memberId = this.#calls.givenMemberId ?? this.#memberId;
    return { memberId, generationIdOrMemberEpoch: this.#epoch, ...(groupInstanceId && { groupInstanceId }) };
  }

  get confirmedAtMs(): number {
    return this.#confirmedAtMs;
  }

  confirmed(): Promise<void> {
    return this.#confirmations.next();
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(reason: RevocationReason): Promise<void> {
    this.#stopping.abort(new KafkaError(ClientErrorCode.CLOSED, 'the consumer was closed'));
    await this.#running;
    await this.#reconciling;
    await this.#giveUp(this.#owned, reason);
    if (this.#epoch > JOINING) {
      const memberEpoch = this.#options.groupInstanceId === undefined ? LEAVING : LEAVING_FOR_A_WHILE;
      // Whoever cannot say goodbye is missed when the session ends.
      await this.#calls.heartbeat({ ...this.#body(), memberEpoch }).catch(() => undefined);
    }
    this.#epoch = JOINING;
    this.#confirmations.settle();
    this.#cluster.closeChannel(this.#options.channel);
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted || this.#cluster.isClosed;
  }

  /** Heartbeat after heartbeat; never rejects. */
  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopping) {
      try {
        const delayMs = await this.#beat();
        failures = 0;
        if (delayMs > 0) await this.#pause(delayMs);
      } catch (error) {
        if (this.#isStopping) return;
        const failure = asKafkaError(error);
        if (!(await this.#survives(failure))) {
          this.#host.failed(failure);
          return;
        }
        failures += 1;
        await this.#pause(backoffMs(this.#cluster.options.retry, failures, this.#cluster.options.random));
      }
    }
  }

  /** Tells the broker what is new, and takes over what it says. Gives the time until the next. */
  async #beat(): Promise<number> {
    const isReporting = this.#mustReport && this.#reconciling === undefined;
    this.#mustReport = !isReporting && this.#mustReport;
    const body = { ...this.#body(), ...(await this.#news(isReporting)) };
    const answer = await this.#calls.heartbeat(body, this.#stopping.signal).catch((error: unknown) => {
      // It may have arrived or not: everything is said again.
      this.#mustReport = true;
      throw error;
    });
    const nowMs = this.#cluster.options.clock.monotonicMs();
    if (this.#epoch === JOINING) this.#joinedAtMs = nowMs;
    this.#epoch = answer.memberEpoch;
    this.#confirmedAtMs = nowMs;
    this.#confirmations.settle();
    this.#aim(answer);
    const intervalMs = Math.min(
      answer.heartbeatIntervalMs,
      this.#options.heartbeatIntervalMs ?? Number.POSITIVE_INFINITY,
    );
    if (this.#isSettling) return Math.min(intervalMs, SETTLING_INTERVAL_MS);
    return this.#mustReport && this.#reconciling === undefined ? 0 : intervalMs;
  }

  #body() {
    const { groupId, groupInstanceId } = this.#options;
    const memberId = this.#calls.givenMemberId ?? this.#memberId;
    return { groupId, memberId, memberEpoch: this.#epoch, instanceId: groupInstanceId ?? null };
  }

  /** What a heartbeat says beside that it lives: everything when it joins, what it has when that has changed. */
  async #news(isReporting: boolean): Promise<Partial<RequestInput<typeof ConsumerGroupHeartbeat>>> {
    const topicPartitions = isReporting ? this.#topicIdPartitions() : null;
    if (this.#epoch !== JOINING && !isReporting) return {};
    const { subscription, rebalanceTimeoutMs, serverAssignor = null, rackId = null } = this.#options;
    return {
      topicPartitions: this.#epoch === JOINING ? [] : topicPartitions,
      rebalanceTimeoutMs,
      serverAssignor,
      rackId,
      subscribedTopicNames: [...subscription.names],
      ...(subscription.expression === null ? {} : { subscribedTopicRegex: subscription.expression }),
    };
  }

  #topicIdPartitions(): TopicIdPartitions[] {
    return [...byTopic(this.#owned)].flatMap(([topic, some]) => {
      const topicId = this.#cluster.view.topics.get(topic)?.topicId;
      return topicId === undefined ? [] : [{ topicId, partitions: some.map(({ partition }) => partition) }];
    });
  }

  /** Whether the member is new and has nothing yet. */
  get #isSettling(): boolean {
    const isEmpty = this.#target !== undefined && this.#target.length === 0 && this.#owned.length === 0;
    return isEmpty && this.#confirmedAtMs - this.#joinedAtMs < SETTLING_MS;
  }

  /** A new target, or one that could not be reached before. */
  #aim({ assignment }: HeartbeatAnswer): void {
    if (assignment !== null) this.#target = assignment.topicPartitions;
    if (this.#target === undefined || this.#reconciling !== undefined) return;
    if (this.#isSettling) return;
    this.#reconciling = this.#reconcile()
      .catch(() => undefined)
      .finally(() => {
        this.#reconciling = undefined;
        this.#wake?.();
      });
  }

  /** Gives up what is not in the target, then takes over what is new in it. */
  async #reconcile(): Promise<void> {
    const target = this.#target;
    if (target === undefined) return;
    const names = await topicNamesOf(
      this.#cluster,
      target.map(({ topicId }) => topicId),
      this.#stopping.signal,
    );
    const wanted = target.flatMap(({ topicId, partitions }) => {
      const topic = names.get(topicId);
      return topic === undefined ? [] : partitions.map((partition) => ({ topic, partition }));
    });
    const isWhole = target.every(({ topicId }) => names.has(topicId));
    await this.#giveUp(without(this.#owned, wanted), 'revoked');
    if (this.#isStopping || this.#epoch <= JOINING) return;
    const added = without(wanted, this.#owned);
    await this.#host.assigned(added);
    this.#owned = wanted;
    this.#mustReport = true;
    // A topic whose name nobody tells yet is looked for again with the next heartbeat.
    if (this.#target === target && isWhole) this.#target = undefined;
  }

  async #giveUp(partitions: readonly TopicPartition[], reason: RevocationReason): Promise<void> {
    if (partitions.length === 0) return;
    await this.#host.revoked(partitions, reason);
    this.#owned = without(this.#owned, partitions);
    this.#mustReport = true;
  }

  /** Whether the member can go on, or join again, after this. */
  async #survives(failure: KafkaError): Promise<boolean> {
    const isLost = lostCodes.includes(failure.code);
    const { clock } = this.#cluster.options;
    const isOver = clock.monotonicMs() - this.#confirmedAtMs > this.#options.sessionTimeoutMs;
    if (!isLost && !isOver) return failure.retriable;
    this.#epoch = JOINING;
    this.#target = undefined;
    this.#mustReport = true;
    this.#confirmations.settle();
    await this.#reconciling;
    await this.#giveUp(this.#owned, 'lost');
    return isLost || failure.retriable;
  }

  /** Until the next heartbeat is due, or there is something to say. */
  async #pause(delayMs: number): Promise<void> {
    const waking = new AbortController();
    this.#wake = () => waking.abort();
    const { options, closing } = this.#cluster;
    await sleep(options.clock, delayMs, this.#stopping.signal, closing, waking.signal).catch(() => undefined);
    this.#wake = undefined;
  }
}

interface TopicIdPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** A member's own name: as likely to be somebody else's as a random UUID. */
function randomId({ options: { random } }: Cluster): string {
  const hex = Array.from({ length: 16 }, () => random.int(256).toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
