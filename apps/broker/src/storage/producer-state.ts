import { ErrorCode } from '@ks/protocol';
import { OpenTransactions } from './open-transactions.ts';
import type { ProducerBatch } from './producer-batch.ts';
import { type AppendedBatch, NO_COORDINATOR_EPOCH, type ProducerEntry, REMEMBERED_BATCHES } from './producer-entry.ts';
import { judgeData, judgeMarker, type ProducerVerdict, type TransactionVerification } from './producer-judge.ts';
import { sequenceAfter } from './producer-sequence.ts';

/** Who appends a batch, for the rules that hold for it. */
export type ProducerOrigin =
  | {
      readonly type: 'client';
      /** Leave to begin a transaction; 'unneeded' where transaction.partition.verification.enable is off. */
      readonly verification?: TransactionVerification | 'unneeded' | undefined;
    }
  | {
      readonly type: 'coordinator';
      /** Of the transaction that a marker ends: 2 and above with KIP-890. Default 0. */
      readonly transactionVersion?: number;
    };

/** A transaction that a marker ended, with data in this partition. */
export interface CompletedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
  /** Offset of the marker. */
  readonly lastOffset: number;
  readonly isAborted: boolean;
  /** Where the oldest transaction that is still open starts, else one past the marker. */
  readonly lastStableOffset: number;
}

/** A verification and how many batches wait for it. */
type HeldVerification = { -readonly [Key in keyof TransactionVerification]: TransactionVerification[Key] } & {
  holders: number;
};

/**
 * What one partition knows of its producers: who appended what last, which transactions are open. `judge` decides about a batch,
 * `appended` takes note of one; both take the time of one map look-up. Nothing here knows a disk or a clock.
 */
export class ProducerState {
  #highWatermark = 0;
  readonly #entries = new Map<number, ProducerEntry>();
  readonly #verifications = new Map<number, HeldVerification>();
  readonly #transactions = new OpenTransactions();

  /** Producers, in no order. */
  get entries(): Iterable<ProducerEntry> {
    return this.#entries.values();
  }
  get size(): number {
    return this.#entries.size;
  }
  /** Start of the oldest transaction that is open, or whose marker lies at or above the high watermark; undefined where there is none. */
  get firstUnstableOffset(): number | undefined {
    return this.#transactions.firstUnstableOffset;
  }

  entry(producerId: number): ProducerEntry | undefined {
    return this.#entries.get(producerId);
  }

  hasOpenTransaction(producerId: number, producerEpoch: number): boolean {
    const entry = this.#entries.get(producerId);
    return entry?.transactionFirstOffset !== undefined && entry.producerEpoch === producerEpoch;
  }

  /**
   * Begins the verification of a producer's first transactional batch: until its coordinator has answered, other batches of it may
   * come, and a marker may end the transaction, which voids the leave given. Undefined where its transaction is open already. To be
   * matched by `endVerification`.
   */
  startVerification(batch: ProducerBatch, supportsEpochBump: boolean): TransactionVerification | undefined {
    const { producerId, producerEpoch, baseSequence } = batch;
    if (this.hasOpenTransaction(producerId, producerEpoch)) return undefined;
    let verification = this.#verifications.get(producerId);
    if (verification === undefined) {
      verification = { producerId, producerEpoch, lowestSequence: baseSequence, supportsEpochBump, holders: 0 };
      this.#verifications.set(producerId, verification);
    }
    const isLower = producerEpoch === verification.producerEpoch && baseSequence < verification.lowestSequence;
    if (isLower || producerEpoch > verification.producerEpoch) {
      verification.producerEpoch = producerEpoch;
      verification.lowestSequence = baseSequence;
    }
    verification.holders += 1;
    return verification;
  }

  /** The batch was appended or refused: the leave is given back. */
  endVerification(verification: TransactionVerification): void {
    const held = this.#verifications.get(verification.producerId);
    if (held === undefined || held !== verification) return;
    held.holders -= 1;
    if (held.holders === 0) this.#verifications.delete(held.producerId);
  }

  /** What becomes of a batch that is about to be appended. */
  judge(batch: ProducerBatch, origin: ProducerOrigin): ProducerVerdict {
    const { producerId } = batch;
    const entry = this.#entries.get(producerId);
    if (origin.type === 'coordinator') {
      return batch.marker === undefined ? undefined : judgeMarker(batch, entry, origin.transactionVersion ?? 0);
    }
    const verification = this.#verifications.get(producerId);
    const verdict = judgeData(batch, { entry, verification });
    const needsLeave = batch.isTransactional && origin.verification !== 'unneeded';
    if (verdict?.type === 'duplicate' || !needsLeave) return verdict;
    const isOpen = this.hasOpenTransaction(producerId, batch.producerEpoch);
    if (isOpen || (verification !== undefined && origin.verification === verification)) return verdict;
    const message = 'Record was not part of an ongoing transaction';
    return { type: 'refused', errorCode: ErrorCode.INVALID_TXN_STATE, message };
  }

  /**
   * Why a coordinator may not append records within that producer's transaction, as an error code: a later epoch was seen, or the
   * transaction is neither open here nor does the leave to begin it still stand. Such records have no sequence to judge.
   */
  coordinatorFault(producer: {
    readonly producerId: number;
    readonly producerEpoch: number;
    readonly leave?: object | 'unneeded' | undefined;
  }): number {
    const { producerId, producerEpoch, leave } = producer;
    const entry = this.#entries.get(producerId);
    if (entry !== undefined && producerEpoch < entry.producerEpoch) return ErrorCode.INVALID_PRODUCER_EPOCH;
    if (leave === 'unneeded' || this.hasOpenTransaction(producerId, producerEpoch)) return ErrorCode.NONE;
    const isGiven = leave !== undefined && leave === this.#verifications.get(producerId);
    return isGiven ? ErrorCode.NONE : ErrorCode.INVALID_TXN_STATE;
  }

  /** Takes note of a batch at `baseOffset`. Gives the transaction that it ended, where it ended one that had data here. */
  appended(batch: ProducerBatch, baseOffset: number, nowMs: number): CompletedTransaction | undefined {
    if (batch.isTransactional) this.#verifications.delete(batch.producerId);
    if (batch.marker === undefined) {
      this.#appendData(batch, baseOffset, nowMs);
      return undefined;
    }
    return this.#appendMarker(batch, batch.marker, baseOffset, nowMs);
  }

  /** The greatest high watermark heard of; what a snapshot beyond it forgets is which markers are not committed. */
  get highWatermark(): number {
    return this.#highWatermark;
  }

  /** The log was cut off there: nothing beyond is committed. */
  endsAt(endOffset: number): void {
    this.#highWatermark = Math.min(this.#highWatermark, endOffset);
  }

  /** The high watermark moved: what was completed below it is stable. */
  highWatermarkReached(highWatermark: number): void {
    this.#highWatermark = Math.max(this.#highWatermark, highWatermark);
    this.#transactions.highWatermarkReached(highWatermark);
  }

  /** Forgets producers without an open transaction that were not heard of for `expirationMs`. Gives how many. */
  expire(nowMs: number, expirationMs: number): number {
    let count = 0;
    for (const entry of this.#entries.values()) {
      if (entry.transactionFirstOffset !== undefined || nowMs - entry.seenMs < expirationMs) continue;
      this.#entries.delete(entry.producerId);
      count += 1;
    }
    return count;
  }

  /** Replaces everything by what a snapshot holds. */
  load(entries: Iterable<ProducerEntry>): void {
    this.clear();
    const open: ProducerEntry[] = [];
    for (const entry of entries) {
      this.#entries.set(entry.producerId, entry);
      if (entry.transactionFirstOffset !== undefined) open.push(entry);
    }
    open.sort((a, b) => (a.transactionFirstOffset ?? 0) - (b.transactionFirstOffset ?? 0));
    for (const { producerId, transactionFirstOffset } of open) {
      if (transactionFirstOffset !== undefined) this.#transactions.begin(producerId, transactionFirstOffset);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#verifications.clear();
    this.#transactions.clear();
  }

  #appendData(batch: ProducerBatch, baseOffset: number, nowMs: number): void {
    const { producerId, producerEpoch, lastOffsetDelta, maxTimestampMs } = batch;
    const entry = this.#entries.get(producerId);
    const begins = batch.isTransactional && entry?.transactionFirstOffset === undefined;
    if (begins) this.#transactions.begin(producerId, baseOffset);
    const appended: AppendedBatch = {
      // A coordinator's own transactional records have no sequence.
      lastSequence: batch.baseSequence < 0 ? -1 : sequenceAfter(batch.baseSequence, lastOffsetDelta),
      lastOffset: baseOffset + lastOffsetDelta,
      offsetDelta: lastOffsetDelta,
      timestampMs: maxTimestampMs,
    };
    const isSameEpoch = entry !== undefined && entry.producerEpoch === producerEpoch;
    this.#entries.set(producerId, {
      producerId,
      producerEpoch,
      coordinatorEpoch: entry?.coordinatorEpoch ?? NO_COORDINATOR_EPOCH,
      lastTimestampMs: maxTimestampMs,
      seenMs: nowMs,
      transactionFirstOffset: begins ? baseOffset : entry?.transactionFirstOffset,
      batches: isSameEpoch ? [...entry.batches.slice(1 - REMEMBERED_BATCHES), appended] : [appended],
    });
  }

  #appendMarker(
    batch: ProducerBatch,
    marker: { readonly isCommit: boolean; readonly coordinatorEpoch: number },
    offset: number,
    nowMs: number,
  ): CompletedTransaction | undefined {
    const { producerId, producerEpoch, maxTimestampMs } = batch;
    const entry = this.#entries.get(producerId);
    const isSameEpoch = entry !== undefined && entry.producerEpoch === producerEpoch;
    this.#entries.set(producerId, {
      producerId,
      producerEpoch,
      coordinatorEpoch: marker.coordinatorEpoch,
      lastTimestampMs: maxTimestampMs,
      seenMs: nowMs,
      transactionFirstOffset: undefined,
      batches: isSameEpoch ? entry.batches : [],
    });
    const firstOffset = entry?.transactionFirstOffset;
    if (firstOffset === undefined) return undefined;
    const lastStableOffset = this.#transactions.complete(producerId, firstOffset, offset);
    return { producerId, firstOffset, lastOffset: offset, isAborted: !marker.isCommit, lastStableOffset };
  }
}
