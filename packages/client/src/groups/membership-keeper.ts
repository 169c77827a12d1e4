import type { Cluster } from '../cluster.ts';
import type { GroupConsumerOptions } from '../consumer/group-options.ts';
import type { InHand } from '../consumer/in-hand.ts';
import type { TopicSelection } from '../consumer/read-arguments.ts';
import { asKafkaError } from '../kafka-error.ts';
import type { Timer } from '../ports/clock.ts';
import { cooperativeStickyAssignor } from './assignors/sticky.ts';
import { rangeAssignor } from './assignors/range.ts';
import { ClassicMembership } from './classic-membership.ts';
import { offersConsumerGroups } from './consumer-group-calls.ts';
import { ConsumerMembership } from './consumer-membership.ts';
import type { Membership, MembershipHost } from './membership.ts';
import { TopicSubscription } from './subscription.ts';

const MAX_POLL_INTERVAL_MS = 300_000;
const SESSION_TIMEOUT_MS = 45_000;
/** How often it is looked whether the reader is away, in a poll interval. */
const LOOKS = 4;

/**
 * Keeps a consumer in its group: chooses the protocol, leaves when the reader stays away for longer than the group should wait, and joins
 * again when it is back.
 */
export class MembershipKeeper {
  readonly #cluster: Cluster;
  readonly #options: GroupConsumerOptions;
  readonly #channel: string;
  readonly #host: MembershipHost;
  readonly #inHand: InHand;
  #subscription: TopicSubscription | undefined;
  #choosing: Promise<void> | undefined;
  #membership: Membership | undefined;
  #leaving: Promise<void> | undefined;
  #watch: Timer | undefined;
  #moves = -1;
  #awaySinceMs = 0;
  readonly #ending = new AbortController();

  constructor(cluster: Cluster, options: GroupConsumerOptions, channel: string, host: MembershipHost, inHand: InHand) {
    this.#cluster = cluster;
    this.#options = options;
    this.#channel = channel;
    this.#host = host;
    this.#inHand = inHand;
  }

  get membership(): Membership | undefined {
    return this.#membership;
  }

  /** Joins for these topics. */
  begin(topics: TopicSelection): void {
    this.#subscription = new TopicSubscription(this.#cluster, topics.names, topics.patterns);
    this.#choosing = this.#join();
  }

  /** Leaves, what is done committed. */
  async end(): Promise<void> {
    this.#ending.abort();
    this.#watch?.cancel();
    await this.#choosing;
    await this.#leaving;
    await this.#membership?.stop('revoked');
  }

  /** The reader is back. A promise: it must wait until the group has been heard, since it may have gone on without this member. */
  returned(): Promise<void> | undefined {
    if (this.#leaving !== undefined) return this.#rejoin();
    const { sessionTimeoutMs = SESSION_TIMEOUT_MS } = this.#options;
    const membership = this.#membership;
    if (membership?.committer === undefined) return undefined;
    const silenceMs = this.#cluster.options.clock.monotonicMs() - membership.confirmedAtMs;
    return silenceMs > sessionTimeoutMs ? membership.confirmed() : undefined;
  }

  async #join(): Promise<void> {
    try {
      const membership = (await this.#isByBroker()) ? this.#consumerMembership() : this.#classicMembership();
      if (this.#ending.signal.aborted || membership === undefined) return;
      this.#membership = membership;
      membership.start();
      this.#look();
    } catch (error) {
      if (!this.#ending.signal.aborted) this.#host.failed(asKafkaError(error));
    }
  }

  async #isByBroker(): Promise<boolean> {
    const { protocol = 'auto', assignors } = this.#options;
    if (protocol !== 'auto') return protocol === 'consumer';
    return assignors === undefined && (await offersConsumerGroups(this.#cluster, this.#ending.signal));
  }

  #common() {
    const { group: groupId, groupInstanceId, rack: rackId, rebalanceTimeoutMs = 60_000 } = this.#options;
    const { sessionTimeoutMs = SESSION_TIMEOUT_MS } = this.#options;
    return { groupId, groupInstanceId, rackId, rebalanceTimeoutMs, sessionTimeoutMs, channel: this.#channel };
  }

  #classicMembership(): Membership | undefined {
    const { assignors = [rangeAssignor, cooperativeStickyAssignor], heartbeatIntervalMs = 3000 } = this.#options;
    const subscription = this.#subscription;
    if (subscription === undefined) return undefined;
    const options = { ...this.#common(), assignors, heartbeatIntervalMs, subscription };
    return new ClassicMembership(this.#cluster, options, this.#host);
  }

  #consumerMembership(): Membership | undefined {
    const { serverAssignor, heartbeatIntervalMs } = this.#options;
    const subscription = this.#subscription;
    if (subscription === undefined) return undefined;
    const options = { ...this.#common(), serverAssignor, heartbeatIntervalMs, subscription };
    return new ConsumerMembership(this.#cluster, options, this.#host);
  }

  /** Looks now and then whether the reader has been away with the same thing for too long. */
  #look(): void {
    const { maxPollIntervalMs = MAX_POLL_INTERVAL_MS } = this.#options;
    const { clock } = this.#cluster.options;
    this.#watch = clock.setTimer(maxPollIntervalMs / LOOKS, () => {
      const nowMs = clock.monotonicMs();
      const isStill = !this.#inHand.isEmpty && this.#inHand.moves === this.#moves;
      if (!isStill) {
        this.#moves = this.#inHand.moves;
        this.#awaySinceMs = nowMs;
      }
      if (isStill && nowMs - this.#awaySinceMs >= maxPollIntervalMs) this.#expel();
      else this.#look();
    });
  }

  /** Whoever waits for the reader waits no more: what it has in hand is not done. */
  #expel(): void {
    this.#leaving = this.#membership?.stop('lost');
    this.#inHand.release();
  }

  async #rejoin(): Promise<void> {
    await this.#leaving;
    if (this.#leaving === undefined || this.#ending.signal.aborted) return;
    this.#leaving = undefined;
    this.#membership = undefined;
    this.#choosing = this.#join();
  }
}
