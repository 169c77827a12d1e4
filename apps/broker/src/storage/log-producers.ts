import type { LogParts } from './log-parts.ts';
import { hasProducer, type ProducerBatch, producerBatchAt } from './producer-batch.ts';
import type { ProducerEntry } from './producer-entry.ts';
import type { ProducerVerdict, TransactionVerification } from './producer-judge.ts';
import type { ProducerOrigin, ProducerState } from './producer-state.ts';
import type { AbortedTransaction } from './transaction-index.ts';

/** What a log knows of idempotent and transactional producers. */
export class LogProducers {
  readonly #parts: Pick<LogParts, 'producers' | 'segments' | 'environment'>;

  constructor(parts: Pick<LogParts, 'producers' | 'segments' | 'environment'>) {
    this.#parts = parts;
  }

  /** All producers known, in no order; a view of this moment. */
  get entries(): Iterable<ProducerEntry> {
    return this.#parts.producers.entries;
  }

  /** Start of the oldest transaction that is open, or whose marker is not below the high watermark; undefined where there is none. */
  get firstUnstableOffset(): number | undefined {
    return this.#parts.producers.firstUnstableOffset;
  }

  /** Where readers of committed records have to stop (exclusive). Never above `highWatermark`, nor below `logStartOffset`. */
  lastStableOffset(highWatermark: number, logStartOffset: number): number {
    const unstable = this.firstUnstableOffset;
    return unstable === undefined || unstable >= highWatermark ? highWatermark : Math.max(unstable, logStartOffset);
  }

  /** The high watermark moved up: transactions whose marker it has passed are stable from now on. */
  highWatermarkReached(highWatermark: number): void {
    this.#parts.producers.highWatermarkReached(highWatermark);
  }

  /** The aborted transactions with records in [fromOffset, upToOffset), by marker: what a read of committed records has to skip. */
  abortedTransactions(fromOffset: number, upToOffset: number): readonly AbortedTransaction[] {
    const found: AbortedTransaction[] = [];
    if (fromOffset >= upToOffset) return found;
    const { segments } = this.#parts;
    let segment: ReturnType<typeof segments.floor> | undefined = segments.floor(fromOffset);
    while (segment !== undefined && !segment.transactions.collect(fromOffset, upToOffset, found)) {
      segment = segments.after(segment);
    }
    return found;
  }

  /** What becomes of a batch that is about to be appended. Asked right before the append, which takes whatever comes. */
  judge(batch: ProducerBatch, origin: ProducerOrigin): ProducerVerdict {
    return this.#parts.producers.judge(batch, origin);
  }

  /** See `ProducerState.coordinatorFault`. */
  coordinatorFault(producer: Parameters<ProducerState['coordinatorFault']>[0]): number {
    return this.#parts.producers.coordinatorFault(producer);
  }

  hasOpenTransaction(producerId: number, producerEpoch: number): boolean {
    return this.#parts.producers.hasOpenTransaction(producerId, producerEpoch);
  }

  /** See `ProducerState.startVerification`: to be asked before the coordinator is, and ended after the append. */
  startVerification(batch: ProducerBatch, supportsEpochBump: boolean): TransactionVerification | undefined {
    return this.#parts.producers.startVerification(batch, supportsEpochBump);
  }

  endVerification(verification: TransactionVerification): void {
    this.#parts.producers.endVerification(verification);
  }

  /** Forgets producers that were not heard of for `expirationMs` (producer.id.expiration.ms). Gives how many. */
  expire(nowMs: number, expirationMs: number): number {
    return this.#parts.producers.expire(nowMs, expirationMs);
  }

  /** The batch in `bytes` now lies at `baseOffset` of the active segment. */
  appended(bytes: Uint8Array, baseOffset: number, nowMs: number): void {
    if (!hasProducer(bytes, 0)) return;
    const batch = producerBatchAt(bytes, 0);
    if (batch === undefined) return;
    const completed = this.#parts.producers.appended(batch, baseOffset, nowMs);
    if (completed?.isAborted) this.#parts.segments.active.transactions.append(completed);
  }
}
