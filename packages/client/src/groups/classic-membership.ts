import { ErrorCode } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { asKafkaError, ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import { backoffMs } from '../retry-policy.ts';
import { sleep } from '../sleep.ts';
import { ClassicGroupCalls, type Generation } from './classic-group-calls.ts';
import type { ClassicMembershipOptions } from './classic-options.ts';
import { Confirmations } from './confirmations.ts';
import type { Committer } from './group-offsets.ts';
import { type Membership, type MembershipHost, type RevocationReason, without } from './membership.ts';
import type { TopicSubscription } from './subscription.ts';

/** The group goes on without asking the member: it begins again, as a new one. */
const lostCodes: readonly number[] = [ErrorCode.UNKNOWN_MEMBER_ID, ErrorCode.ILLEGAL_GENERATION];

/**
 * A member of a classic group. Where all its assignors are cooperative it keeps what it has through a rebalance, and gives up only what
 * goes to another member (KIP-429); else everything is given up, and handed out anew.
 */
export class ClassicMembership implements Membership {
  readonly #cluster: Cluster;
  readonly #options: ClassicMembershipOptions;
  readonly #host: MembershipHost;
  readonly #calls: ClassicGroupCalls;
  readonly #subscription: TopicSubscription;
  readonly #isCooperative: boolean;
  readonly #stopping = new AbortController();
  readonly #confirmations = new Confirmations();
  #generation: Generation | undefined;
  #owned: readonly TopicPartition[] = [];
  #confirmedAtMs: number;
  #running: Promise<void> | undefined;

  constructor(cluster: Cluster, options: ClassicMembershipOptions, host: MembershipHost) {
    this.#cluster = cluster;
    this.#options = options;
    this.#host = host;
    this.#subscription = options.subscription;
    this.#isCooperative = options.assignors.every(({ mode }) => mode === 'cooperative');
    this.#calls = new ClassicGroupCalls(cluster, options, this.#stopping.signal);
    this.#confirmedAtMs = cluster.options.clock.monotonicMs();
  }

  get committer(): Committer | undefined {
    if (this.#generation === undefined) return undefined;
    const { groupInstanceId } = this.#options;
    const { memberId } = this.#calls;
    return { memberId, generationIdOrMemberEpoch: this.#generation.id, ...(groupInstanceId && { groupInstanceId }) };
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
    await this.#giveUp(this.#owned, reason);
    this.#generation = undefined;
    if (this.#options.groupInstanceId === undefined) await this.#calls.leave();
    this.#confirmations.settle();
    this.#cluster.closeChannel(this.#options.channel);
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted || this.#cluster.isClosed;
  }

  /** Generation after generation; never rejects. */
  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isStopping) {
      try {
        await this.#join();
        failures = 0;
        if (await this.#reconcile()) await this.#beat();
        // Others wait for what this member gives up.
        if (!this.#isCooperative) await this.#giveUp(this.#owned, 'revoked');
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

  /** Whether the member can join again after this. */
  async #survives(failure: KafkaError): Promise<boolean> {
    if (failure.code === ErrorCode.REBALANCE_IN_PROGRESS) return true;
    const isLost = lostCodes.includes(failure.code);
    this.#generation = undefined;
    this.#confirmations.settle();
    await this.#giveUp(this.#owned, 'lost');
    if (isLost) this.#calls.forget();
    return isLost || failure.retriable;
  }

  async #join(): Promise<void> {
    await this.#subscription.refresh(this.#stopping.signal);
    const owned = this.#isCooperative ? this.#owned : [];
    this.#generation = await this.#calls.join(owned, this.#generation?.id ?? -1);
    this.#confirm();
  }

  /** Takes over what the generation assigns; false where that needs another generation. */
  async #reconcile(): Promise<boolean> {
    const partitions = this.#generation?.partitions ?? [];
    const revoked = without(this.#owned, partitions);
    await this.#giveUp(revoked, 'revoked');
    const added = without(partitions, this.#owned);
    this.#owned = partitions;
    await this.#host.assigned(added);
    return revoked.length === 0 || !this.#isCooperative;
  }

  async #giveUp(partitions: readonly TopicPartition[], reason: RevocationReason): Promise<void> {
    if (partitions.length === 0) return;
    await this.#host.revoked(partitions, reason);
    this.#owned = without(this.#owned, partitions);
  }

  /** Settles when the group wants a rebalance, or the member does. Rejects with what ended the membership. */
  async #beat(): Promise<void> {
    const { heartbeatIntervalMs, sessionTimeoutMs } = this.#options;
    const { clock } = this.#cluster.options;
    for (;;) {
      await sleep(clock, heartbeatIntervalMs, this.#stopping.signal, this.#cluster.closing);
      try {
        const isCalledBack = !(await this.#calls.heartbeat(this.#generation?.id ?? -1));
        this.#confirm();
        if (isCalledBack || (await this.#wantsMore())) return;
      } catch (error) {
        const failure = asKafkaError(error);
        // Without a word from the coordinator the session goes on as long as it can have lasted there.
        const isOver = clock.monotonicMs() - this.#confirmedAtMs > sessionTimeoutMs;
        if (!failure.retriable || isOver || this.#isStopping) throw failure;
        await this.#calls.findCoordinator().catch(() => undefined);
      }
    }
  }

  /** Topics match that did not before, or the leader sees more partitions than it assigned. */
  async #wantsMore(): Promise<boolean> {
    return (await this.#subscription.refresh(this.#stopping.signal)) || this.#calls.hasMorePartitions();
  }

  #confirm(): void {
    this.#confirmedAtMs = this.#cluster.options.clock.monotonicMs();
    this.#confirmations.settle();
  }

  async #pause(delayMs: number): Promise<void> {
    await sleep(this.#cluster.options.clock, delayMs, this.#stopping.signal, this.#cluster.closing).catch(
      () => undefined,
    );
  }
}
