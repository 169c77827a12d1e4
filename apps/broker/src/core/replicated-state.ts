import type { Instant } from '../ports/clock.ts';

/** Names one parked reply. The runtime gives a fresh one with each command. */
export type Ticket = number;

/** The reply follows later: some `soften` will give it under the command's ticket. */
export const PARKED: unique symbol = Symbol('parked');

/** A parked reply that is now due. */
export interface Answer<Reply> {
  readonly ticket: Ticket;
  readonly reply: Reply;
}

/** A deadline set (`atMs` of the monotonic clock) or taken back. The key names it; setting it again replaces it. */
export interface Deadline {
  readonly key: string;
  readonly atMs: number | undefined;
}

/** On whose behalf transactional records are written. */
export interface TransactionalProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  /**
   * By which the runtime knows that the coordinator lets the transaction begin here; undefined where it must be open by now, 'unneeded'
   * where nobody checks. Opaque to the state.
   */
  readonly leave?: object | 'unneeded' | undefined;
}

/** What a command comes to. Nothing of it has happened yet. */
export interface Decision<Rec, Reply, Change, Effect> {
  /** Durable changes, to be appended as one unit and then applied in order. */
  readonly records: readonly Rec[];
  /** Set where the records count only when this producer's transaction commits (`applyMarker`). */
  readonly producer?: TransactionalProducer | undefined;
  readonly reply: Reply | typeof PARKED;
  /** Changes that a failover may forget, made right after the records were applied. */
  readonly soft?: readonly Change[];
  /** What follows when the records are below the high watermark; never, if the leader epoch changed before. */
  readonly whenCommitted?: readonly Effect[];
  /** What follows instead when the records did not get there in time. They may still get there later. */
  readonly whenFailed?: readonly Effect[];
}

/** What making a soft change gives. */
export interface Softened<Reply> {
  readonly answers: readonly Answer<Reply>[];
  readonly timers: readonly Deadline[];
}

/** Where a record lies in the log. The producer is -1 but for transactional records. */
export interface RecordPosition {
  readonly offset: number;
  /** Wall time in milliseconds. */
  readonly timestamp: number;
  /** Set for records that count only when their transaction commits (`applyMarker`). */
  readonly transactional: boolean;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/**
 * State derived from a log, as coordinators have it: `decide` is pure, `apply` and `applyMarker` alone write what is durable, `soften`
 * alone what a failover may forget. A runtime appends the records of a decision, applies them, and holds the reply back until they are
 * below the high watermark. Replaying the log into a fresh instance gives the same durable state.
 */
export interface ReplicatedState<Command, Rec, Reply, Change, Effect> {
  /** What `command` comes to now. Changes nothing. */
  decide(command: Command, now: Instant, ticket: Ticket): Decision<Rec, Reply, Change, Effect>;
  /** The command for a deadline that has passed. */
  expired(key: string): Command;
  /** The only writer of durable state. */
  apply(record: Rec, at: RecordPosition): void;
  /** Ends a producer's open transaction: its pending records count from now on, or are forgotten. */
  applyMarker(producerId: number, producerEpoch: number, committed: boolean): void;
  /** The only writer of what a failover may forget. */
  soften(change: Change, now: Instant): Softened<Reply>;
  /** After the replay: arms deadlines, resumes what was begun. */
  loaded(now: Instant): { readonly timers: readonly Deadline[]; readonly effects: readonly Effect[] };
}
