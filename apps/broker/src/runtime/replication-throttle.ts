import type { Clock } from '../ports/clock.ts';
import type { ThrottledReplicas } from './topic-settings.ts';

/** Bytes a second that throttled replicas may get; undefined: as many as they take. */
export interface ReplicationRates {
  /** leader.replication.throttled.rate: what this broker sends to followers. */
  readonly leader: number | undefined;
  /** follower.replication.throttled.rate: what this broker fetches. */
  readonly follower: number | undefined;
}

/** What may be used at once after a pause, in seconds of the rate. */
const BURST_SECONDS = 1;

/**
 * Holds the replication of throttled replicas to a rate on average (KIP-73). What has been moved is counted afterwards, as Kafka
 * does: one batch may overdraw, and is then waited for.
 */
export class ReplicationThrottle {
  readonly #clock: Clock;
  readonly #rate: () => number | undefined;
  /** Bytes that may be moved; below 0 what has to be waited for. */
  #allowance = 0;
  #countedAtMs: number;
  #rateThen: number | undefined;

  /** `rate` gives bytes a second as they are in force now. */
  constructor(clock: Clock, rate: () => number | undefined) {
    this.#clock = clock;
    this.#rate = rate;
    this.#countedAtMs = clock.monotonicMs();
  }

  /** Whether there is a rate at all. */
  get isOn(): boolean {
    return this.#rate() !== undefined;
  }

  /** Whether throttled replicas have to wait. */
  isExceeded(): boolean {
    this.#refill();
    return this.#rateThen !== undefined && this.#allowance <= 0;
  }

  /** Bytes that may be moved now; 0 or less: they have to wait. Without end where there is no rate. */
  get allowance(): number {
    this.#refill();
    return this.#rateThen === undefined ? Number.POSITIVE_INFINITY : this.#allowance;
  }

  /** How long they have to wait, in milliseconds; 0 where they need not. */
  waitMs(): number {
    if (!this.isExceeded() || this.#rateThen === undefined) return 0;
    return this.#rateThen === 0 ? Number.POSITIVE_INFINITY : Math.ceil(((1 - this.#allowance) / this.#rateThen) * 1000);
  }

  /** Bytes were moved for throttled replicas. */
  record(bytes: number): void {
    this.#refill();
    if (this.#rateThen !== undefined) this.#allowance -= bytes;
  }

  #refill(): void {
    const rate = this.#rate();
    const nowMs = this.#clock.monotonicMs();
    const passedMs = nowMs - this.#countedAtMs;
    this.#countedAtMs = nowMs;
    if (rate === undefined) this.#allowance = 0;
    else if (this.#rateThen === undefined) this.#allowance = rate * BURST_SECONDS;
    else this.#allowance = Math.min(rate * BURST_SECONDS, this.#allowance + (rate * passedMs) / 1000);
    this.#rateThen = rate;
  }
}

/** Whether a replica is among the throttled ones. */
export function isThrottled(throttled: ThrottledReplicas | undefined, partition: number, brokerId: number): boolean {
  if (throttled === undefined) return false;
  return throttled === 'all' || throttled.has(`${partition}:${brokerId}`);
}
