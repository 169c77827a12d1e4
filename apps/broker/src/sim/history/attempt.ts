import type { PartitionHistory } from './partition-history.ts';
import type { Transaction } from './transaction-history.ts';

/**
 * One batch that a producer sent once. It may be in the log at most once.
 * - `sent`: no answer yet. `unknown`: the connection ended, or the error leaves open whether it was appended.
 * - `acked`: the broker vouched for it. `refused`: the broker said that it is not in the log.
 * - `lost`: a power cut took it back; it may not come again.
 */
export interface Attempt {
  /** Whose it is, where its producer is idempotent. */
  readonly producer: AttemptProducer | undefined;
  /** The transaction that it is a part of. */
  readonly transaction: Transaction | undefined;
  readonly id: number;
  /** Where it was sent. */
  readonly target: PartitionHistory;
  /** Whether the request named the topic by its id, so that it can end up nowhere else. */
  isSentById: boolean;
  /** The batch's records, uncompressed, as they were sent. */
  readonly plain: Uint8Array;
  readonly count: number;
  readonly records: readonly { readonly key: Uint8Array; readonly value: Uint8Array | null }[];
  /** Timestamps of the records, in order. */
  readonly timestamps: readonly number[];
  /** The broker's process that it was sent to last. */
  life: number;
  /** End of what was acknowledged in the partition when it was sent: it cannot lie before that. */
  floor: number;
  status: 'sent' | 'unknown' | 'acked' | 'refused' | 'lost';
  /** Where it was seen, or said to be; -1: not yet. */
  baseOffset: number;
}

/** What an idempotent producer writes on a batch. */
export interface AttemptProducer {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly sequence: number;
}

/** The attempt is sent once more: to a broker that may have lost it. */
export function sentAgain(attempt: Attempt, life: number, ackedEndOffset: number): void {
  attempt.life = life;
  attempt.floor = Math.min(attempt.floor, ackedEndOffset);
  if (attempt.status === 'lost') attempt.baseOffset = -1;
  attempt.status = 'sent';
}

/** A batch as a reader found it. */
export interface SeenBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  readonly attempt: Attempt;
}
