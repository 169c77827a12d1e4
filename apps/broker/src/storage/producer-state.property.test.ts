import { createCore } from '@ks/core-wasm';
import { ErrorCode } from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { client, coordinator, data, marker } from '../../tests/storage/producer-batches.ts';
import { ProducerModel } from '../../tests/storage/producer-model.ts';
import type { ProducerBatch } from './producer-batch.ts';
import { sequenceAfter } from './producer-sequence.ts';
import { formatSnapshot, parseSnapshot } from './producer-snapshot.ts';
import { ProducerState } from './producer-state.ts';
import { type AbortedTransaction, TransactionIndex } from './transaction-index.ts';

const core = createCore({ kind: 'reference' });

interface Attempt {
  readonly producerId: number;
  readonly epochUp: number;
  /** From the sequence that is due. */
  readonly sequenceShift: number;
  readonly lastOffsetDelta: number;
  readonly kind: 'plain' | 'transactional' | 'commit' | 'abort';
  /** Sends the producer's batch so many back once more. */
  readonly repeats: number | undefined;
  readonly watermarkLag: number;
}

const attempt: fc.Arbitrary<Attempt> = fc.record({
  producerId: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 3 })),
  repeats: fc.option(fc.integer({ min: 0, max: 7 }), { nil: undefined, freq: 4 }),
  epochUp: fc.oneof({ weight: 20, arbitrary: fc.constant(0) }, fc.integer({ min: -1, max: 1 })),
  sequenceShift: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.integer({ min: -20, max: 2 })),
  lastOffsetDelta: fc.integer({ min: 0, max: 3 }),
  kind: fc.constantFrom(
    'plain',
    'plain',
    'plain',
    'transactional',
    'transactional',
    'transactional',
    'commit',
    'abort',
  ),
  watermarkLag: fc.integer({ min: 0, max: 30 }),
});

const NAMES = new Map<number, string>([
  [ErrorCode.INVALID_PRODUCER_EPOCH, 'fenced'],
  [ErrorCode.INVALID_TXN_STATE, 'open'],
  [ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, 'out of order'],
]);

function verdictOf(state: ProducerState, batch: ProducerBatch): string {
  const verdict = state.judge(batch, batch.marker === undefined ? client : coordinator);
  if (verdict === undefined) return 'fine';
  if (verdict.type === 'duplicate') return `duplicate at ${verdict.batch.lastOffset - verdict.batch.offsetDelta}`;
  return NAMES.get(verdict.errorCode) ?? `error ${verdict.errorCode}`;
}

function batchOf(attempted: Attempt, model: ProducerModel): ProducerBatch {
  const { producerId, epochUp, sequenceShift, lastOffsetDelta, kind, repeats } = attempted;
  const again = repeats === undefined ? undefined : model.batchesOf(producerId).at(-1 - repeats)?.batch;
  if (again !== undefined) return again;
  const producerEpoch = Math.max(0, Math.max(0, model.epochOf(producerId)) + epochUp);
  if (kind === 'commit' || kind === 'abort') return marker(kind === 'commit', { producerId, producerEpoch });
  const due = producerEpoch === model.epochOf(producerId) ? sequenceAfter(model.lastSequenceOf(producerId), 1) : 0;
  const baseSequence = Math.max(0, due + sequenceShift);
  return data({ producerId, producerEpoch, baseSequence, lastOffsetDelta, isTransactional: kind === 'transactional' });
}

function reloaded(state: ProducerState): ProducerState {
  const parsed = parseSnapshot(formatSnapshot(state.entries, core), core);
  if ('problem' in parsed) throw new Error(parsed.problem);
  const loaded = new ProducerState();
  loaded.load(parsed.entries);
  return loaded;
}

describe('producer state', () => {
  test('judges as the whole log would, before and after a snapshot', () => {
    fc.assert(
      fc.property(fc.array(attempt, { minLength: 10, maxLength: 60, size: 'max' }), (attempts) => {
        const model = new ProducerModel();
        const state = new ProducerState();
        const index = new TransactionIndex();
        for (const each of attempts) {
          const batch = batchOf(each, model);
          const verdict = model.verdict(batch);
          expect(verdictOf(state, batch)).toBe(verdict);
          expect(verdictOf(reloaded(state), batch)).toBe(verdict);
          if (verdict !== 'fine') continue;
          const completed = state.appended(batch, model.endOffset, 0);
          if (completed?.isAborted) index.append(completed);
          model.log.push({ batch, offset: model.endOffset });
          model.endOffset += batch.lastOffsetDelta + 1;
          const highWatermark = Math.max(0, model.endOffset - each.watermarkLag);
          const behind = reloaded(state);
          behind.highWatermarkReached(model.endOffset);
          expect(behind.firstUnstableOffset).toBe(model.firstUnstable(model.endOffset));
          const found: AbortedTransaction[] = [];
          index.collect(highWatermark, model.endOffset, found);
          const named = found.map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
          expect(named).toEqual(model.aborted(highWatermark, model.endOffset));
        }
        for (let from = 0; from < model.endOffset; from += 3) {
          const found: AbortedTransaction[] = [];
          index.collect(from, from + 5, found);
          const named = found.map(({ producerId, firstOffset }) => ({ producerId, firstOffset }));
          expect(named).toEqual(model.aborted(from, from + 5));
        }
      }),
      { numRuns: 150 },
    );
  });

  test('knows what is unstable under every watermark that only rises', () => {
    fc.assert(
      fc.property(fc.array(attempt, { minLength: 10, maxLength: 60, size: 'max' }), (attempts) => {
        const model = new ProducerModel();
        const state = new ProducerState();
        let highWatermark = 0;
        for (const each of attempts) {
          const batch = batchOf(each, model);
          if (model.verdict(batch) !== 'fine') continue;
          state.appended(batch, model.endOffset, 0);
          model.log.push({ batch, offset: model.endOffset });
          model.endOffset += batch.lastOffsetDelta + 1;
          highWatermark = Math.max(highWatermark, model.endOffset - each.watermarkLag);
          state.highWatermarkReached(highWatermark);
          expect(state.firstUnstableOffset).toBe(model.firstUnstable(highWatermark));
        }
      }),
      { numRuns: 150 },
    );
  });
});
