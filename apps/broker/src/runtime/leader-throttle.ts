import { ErrorCode } from '@ks/protocol';
import type { Clock } from '../ports/clock.ts';
import type { HostedReplica } from './hosted-replica.ts';
import type { ReplicaRegistry } from './replica-registry.ts';
import { isThrottled, type ReplicationThrottle } from './replication-throttle.ts';
import type { TopicSettingsOf } from './topic-settings.ts';

export interface LeaderThrottleOptions {
  /** This broker. */
  readonly brokerId: number;
  readonly registry: ReplicaRegistry;
  readonly settingsOf: TopicSettingsOf;
  readonly clock: Clock;
  readonly throttle: ReplicationThrottle;
  /** Longest time for which a follower that has to wait is left unlooked at, as the rate may be raised at any time. */
  readonly quietMs: number;
}

/** Holds what followers get of the partitions whose topics name this leader to `leader.replication.throttled.rate` (KIP-73). */
export class LeaderThrottle {
  readonly #options: LeaderThrottleOptions;

  constructor(options: LeaderThrottleOptions) {
    this.#options = options;
  }

  /** Whether a follower gets nothing for now. Those in sync never wait: they keep acks=all going. */
  mustWait(replica: HostedReplica, followerId: number): boolean {
    return this.#options.throttle.isExceeded() && !replica.isr.includes(followerId) && this.#isThrottled(replica);
  }

  /** How much a follower that need not wait may get at once. */
  bytesMax(replica: HostedReplica, followerId: number): number {
    const { throttle } = this.#options;
    if (!throttle.isOn || replica.isr.includes(followerId) || !this.#isThrottled(replica)) return Infinity;
    return throttle.allowance;
  }

  /** A follower gets this much. */
  count(replica: HostedReplica, bytes: number): void {
    const { throttle } = this.#options;
    if (bytes > 0 && throttle.isOn && this.#isThrottled(replica)) throttle.record(bytes);
  }

  /** True for as long as the rate is exceeded, unless another leads. */
  untilAllowed(replica: HostedReplica): (nowMs: number) => boolean {
    const { clock, quietMs, throttle } = this.#options;
    const { leaderEpoch } = replica;
    const untilMs = clock.monotonicMs() + Math.min(quietMs, throttle.waitMs());
    return (nowMs) => nowMs < untilMs && replica.leaderEpoch === leaderEpoch && replica.refusal === ErrorCode.NONE;
  }

  #isThrottled({ topic, partitionIndex }: HostedReplica): boolean {
    const { registry, settingsOf, brokerId } = this.#options;
    return isThrottled(settingsOf(topic, registry.image).leaderThrottled, partitionIndex, brokerId);
  }
}
