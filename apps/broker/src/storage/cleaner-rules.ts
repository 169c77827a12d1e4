import { hasDeleteHorizon, type RecordBatch, type RecordCursor } from '@ks/protocol';
import type { BatchVerdict } from './cleaner-batch-filter.ts';
import type { OffsetMap } from './cleaner-offset-map.ts';
import type { CleanedTransactions } from './cleaner-transactions.ts';
import type { AbortedTransaction } from './transaction-index.ts';

export interface CleaningRulesOptions {
  readonly map: OffsetMap;
  /** The map knows every record up to here (inclusive); what lies beyond stays as it is. */
  readonly latestOffset: number;
  readonly transactions: CleanedTransactions;
  /** Whether the batch is the one by which its producer's last sequence number, or epoch, is known. */
  readonly isLastOfProducer: (batch: RecordBatch) => boolean;
  readonly nowMs: number;
  /** delete.retention.ms */
  readonly deleteRetentionMs: number;
}

/** What the rules say of a batch. */
export interface RuledBatch {
  /** Undefined where the batch stays byte for byte. */
  readonly verdict: BatchVerdict | undefined;
  /** The aborted transaction that it ends, where the marker stays. */
  readonly aborted: AbortedTransaction | undefined;
}

const UNCHANGED: RuledBatch = { verdict: undefined, aborted: undefined };

/**
 * Kafka's rules of compaction, for the batches of a log from front to back. A record stays where no later one has its key; a tombstone
 * besides until its batch's delete horizon (KIP-534). Records without a key and those of aborted transactions go. A marker goes, after
 * a delete horizon of its own, when no data of its transaction was left before it.
 */
export class CleaningRules {
  readonly #options: CleaningRulesOptions;
  readonly #deleteHorizonMs: number;
  /** Whether the batch judged last has waited for its removal long enough. */
  #isHorizonPassed = false;

  constructor(options: CleaningRulesOptions) {
    this.#options = options;
    this.#deleteHorizonMs = Math.min(options.nowMs + options.deleteRetentionMs, Number.MAX_SAFE_INTEGER);
  }

  /** `mustStay`: the batch stays at least empty, because it says where its segment ends. */
  rule(batch: RecordBatch, mustStay: boolean): RuledBatch {
    const { latestOffset, transactions, nowMs, isLastOfProducer } = this.#options;
    const isBeyond = batch.baseOffset > latestOffset;
    const isLast = batch.producerId >= 0 && isLastOfProducer(batch);
    const staysEmpty = mustStay || isLast;
    this.#isHorizonPassed = hasDeleteHorizon(batch.bytes, 0) && batch.baseTimestamp <= nowMs;
    if (!batch.isControl) {
      const isAborted = transactions.isAborted(batch);
      if (isBeyond) return UNCHANGED;
      // A horizon is the whole batch's: it must not begin before all of it was cleaned.
      const startsHorizon = batch.lastOffset <= latestOffset ? isTombstone : never;
      const keeps = isAborted ? undefined : this.#keeps;
      const deleteHorizonMs = this.#deleteHorizonMs;
      return { verdict: { keeps, staysEmpty, startsHorizon, deleteHorizonMs }, aborted: undefined };
    }
    const ended = transactions.end(batch);
    if (isBeyond || !ended.isMarker || !ended.isEmptied) return { verdict: undefined, aborted: ended.aborted };
    // A producer's last marker tells its epoch, which an empty batch does not to a log that is read anew.
    const goes = this.#isHorizonPassed && !isLast;
    const deleteHorizonMs = this.#deleteHorizonMs;
    const verdict = { keeps: goes ? undefined : always, staysEmpty, startsHorizon: always, deleteHorizonMs };
    return { verdict, aborted: undefined };
  }

  readonly #keeps = (cursor: RecordCursor, offset: number): boolean => {
    const { map, latestOffset } = this.#options;
    if (offset > latestOffset) return true;
    if (cursor.keySizeBytes < 0) return false;
    if (cursor.valueSizeBytes < 0 && this.#isHorizonPassed) return false;
    return offset >= map.latest(cursor.bytes, cursor.keyAt, cursor.keySizeBytes);
  };
}

const isTombstone = (cursor: RecordCursor): boolean => cursor.valueSizeBytes < 0;
const never = (): boolean => false;

const always = (): boolean => true;
