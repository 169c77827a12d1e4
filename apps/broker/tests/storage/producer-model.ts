import type { ProducerBatch } from '../../src/storage/producer-batch.ts';
import { sequenceAfter } from '../../src/storage/producer-sequence.ts';

/** A batch in the log. */
export interface Logged {
  readonly batch: ProducerBatch;
  readonly offset: number;
}

/** Decides by reading the whole log: slow, and without any state. */
export class ProducerModel {
  readonly log: Logged[] = [];
  endOffset = 0;

  of(producerId: number): Logged[] {
    return this.log.filter(({ batch }) => batch.producerId === producerId);
  }
  epochOf(producerId: number): number {
    return this.of(producerId).at(-1)?.batch.producerEpoch ?? -1;
  }
  /** Batches of the current epoch. */
  batchesOf(producerId: number): Logged[] {
    const epoch = this.epochOf(producerId);
    return this.of(producerId).filter(({ batch }) => batch.marker === undefined && batch.producerEpoch === epoch);
  }
  lastSequenceOf(producerId: number): number {
    const last = this.batchesOf(producerId).at(-1)?.batch;
    return last === undefined ? -1 : sequenceAfter(last.baseSequence, last.lastOffsetDelta);
  }
  /** First batches of transactions, with the marker that ended each. */
  transactions(): { producerId: number; firstOffset: number; end: Logged | undefined }[] {
    const found: { producerId: number; firstOffset: number; end: Logged | undefined }[] = [];
    for (const logged of this.log) {
      const { producerId, marker: ends, isTransactional } = logged.batch;
      const open = found.find((each) => each.producerId === producerId && each.end === undefined);
      if (ends !== undefined && open !== undefined) open.end = logged;
      else if (isTransactional && ends === undefined && open === undefined) {
        found.push({ producerId, firstOffset: logged.offset, end: undefined });
      }
    }
    return found;
  }
  isOpen(producerId: number): boolean {
    return this.transactions().some((each) => each.producerId === producerId && each.end === undefined);
  }
  firstUnstable(highWatermark: number): number | undefined {
    const unstable = this.transactions().filter(({ end }) => end === undefined || end.offset >= highWatermark);
    return unstable.length === 0 ? undefined : Math.min(...unstable.map(({ firstOffset }) => firstOffset));
  }
  aborted(from: number, upTo: number): { producerId: number; firstOffset: number }[] {
    return this.transactions()
      .filter(({ end }) => end?.batch.marker?.isCommit === false)
      .filter(({ firstOffset, end }) => firstOffset < upTo && (end?.offset ?? 0) >= from)
      .sort((a, b) => (a.end?.offset ?? 0) - (b.end?.offset ?? 0))
      .map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
  }
  verdict(batch: ProducerBatch): string {
    const epoch = this.epochOf(batch.producerId);
    const same = (logged: Logged) =>
      logged.batch.baseSequence === batch.baseSequence && logged.batch.lastOffsetDelta === batch.lastOffsetDelta;
    if (batch.marker === undefined && batch.producerEpoch === epoch) {
      const found = this.batchesOf(batch.producerId).slice(-5).find(same);
      if (found !== undefined) return `duplicate at ${found.offset}`;
    }
    if (batch.producerEpoch < epoch) return 'fenced';
    if (batch.marker !== undefined) return 'fine';
    if (!batch.isTransactional && this.isOpen(batch.producerId)) return 'open';
    if (epoch === -1) return 'fine';
    const due = batch.producerEpoch === epoch ? sequenceAfter(this.lastSequenceOf(batch.producerId), 1) : 0;
    return batch.baseSequence === due ? 'fine' : 'out of order';
  }
}
