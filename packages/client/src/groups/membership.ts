import type { KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { Committer } from './group-offsets.ts';

/** Why partitions are given up. `revoked`: what was done may still be committed. `lost`: others may read them already. */
export type RevocationReason = 'revoked' | 'lost';

/** The consumer behind a membership. Calls come one after another. */
export interface MembershipHost {
  /** These are the member's besides what it has: none, where it has all already. Settles when they can be read. */
  assigned(partitions: readonly TopicPartition[]): Promise<void>;
  /** These are the member's no more once this is settled. Never rejects. */
  revoked(partitions: readonly TopicPartition[], reason: RevocationReason): Promise<void>;
  /** It is over: the reader must know. */
  failed(error: KafkaError): void;
}

/** A member of a group, from `start` to `stop`. */
export interface Membership {
  /** In whose name to commit now; undefined while the group does not have it as a member. */
  readonly committer: Committer | undefined;
  /** When the group last confirmed it, in monotonic milliseconds. */
  readonly confirmedAtMs: number;
  /** Joins, and stays a member until stopped. Nothing is thrown: see `MembershipHost.failed`. */
  start(): void;
  /** Settles when the group has confirmed the member, or it is known to be out. */
  confirmed(): Promise<void>;
  /** Gives back what is assigned and leaves, so that others need not wait for the session to end. */
  stop(reason: RevocationReason): Promise<void>;
}

/** The partitions of `some` that are not among `others`. */
export function without(some: readonly TopicPartition[], others: readonly TopicPartition[]): TopicPartition[] {
  const keys = new Set(others.map(({ topic, partition }) => `${topic} ${partition}`));
  return some.filter(({ topic, partition }) => !keys.has(`${topic} ${partition}`));
}
