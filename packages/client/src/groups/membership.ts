import type { KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { Committer } from './group-offsets.ts';

/** The consumer behind a membership. */
export interface MembershipHost {
  /** These are the member's now; it commits as `committer`. Settles when they can be read. */
  assigned(partitions: readonly TopicPartition[], committer: Committer): Promise<void>;
  /**
   * None is the member's any more. `revoked`: what was done may still be committed, and it settles when that is over. `lost`:
   * others may read them already.
   */
  revoked(reason: 'revoked' | 'lost'): Promise<void>;
  /** It is over: the reader must know. */
  failed(error: KafkaError): void;
}

/** A member of a group, from `start` to `stop`. */
export interface Membership {
  /** Joins, and stays a member until stopped. Nothing is thrown: see `MembershipHost.failed`. */
  start(): void;
  /** Gives back what is assigned and leaves, so that others need not wait for the session to end. */
  stop(): Promise<void>;
}
