import { createCore } from '@ks/core-wasm';
import { ErrorCode } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { client, coordinator, data, marker } from '../../tests/storage/producer-batches.ts';
import type { ProducerBatch } from './producer-batch.ts';
import { formatSnapshot, parseSnapshot } from './producer-snapshot.ts';
import { ProducerState } from './producer-state.ts';
import { sequenceAfter } from './producer-sequence.ts';
import { TransactionIndex } from './transaction-index.ts';

const core = createCore({ kind: 'reference' });
/** A state with these batches appended, one after the other. */
function after(...batches: readonly ProducerBatch[]): ProducerState {
  const state = new ProducerState();
  let offset = 0;
  for (const batch of batches) {
    state.appended(batch, offset, 0);
    offset += batch.lastOffsetDelta + 1;
  }
  return state;
}

const refusedWith = (errorCode: number) => ({ type: 'refused', errorCode });

describe('the sequence of a producer', () => {
  test('continues, repeats one of the last five, or is out of order', () => {
    const state = after(...[0, 3, 6, 9, 12, 15].map((baseSequence) => data({ baseSequence, lastOffsetDelta: 2 })));
    expect(state.judge(data({ baseSequence: 18 }), client)).toBeUndefined();
    for (const baseSequence of [3, 6, 9, 12, 15]) {
      const verdict = state.judge(data({ baseSequence, lastOffsetDelta: 2 }), client);
      expect(verdict).toMatchObject({ type: 'duplicate', batch: { lastOffset: baseSequence + 2, offsetDelta: 2 } });
    }
    const outOfOrder = [data({ lastOffsetDelta: 2 }), data({ baseSequence: 15 }), data({ baseSequence: 19 })];
    for (const batch of outOfOrder) {
      expect(state.judge(batch, client)).toMatchObject(refusedWith(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER));
    }
  });

  test('wraps behind 2^31 - 1, also within a batch', () => {
    const max = 0x7fffffff;
    expect([sequenceAfter(max, 1), sequenceAfter(max - 1, 4), sequenceAfter(max - 4, 4)]).toEqual([0, 2, max]);
    const state = after(data({ baseSequence: max - 1, lastOffsetDelta: 3 }));
    expect(state.judge(data({ baseSequence: 2 }), client)).toBeUndefined();
    const again = state.judge(data({ baseSequence: max - 1, lastOffsetDelta: 3 }), client);
    expect(again).toMatchObject({ type: 'duplicate' });
    expect(after(data({ baseSequence: max })).judge(data(), client)).toBeUndefined();
  });

  test('starts anywhere where nothing is known of the producer, as in the newest Kafka, and at 0 with a new epoch', () => {
    expect(new ProducerState().judge(data({ baseSequence: 57 }), client)).toBeUndefined();
    const state = after(data({ baseSequence: 57 }));
    expect(state.judge(data({ producerEpoch: 1 }), client)).toBeUndefined();
    const late = state.judge(data({ producerEpoch: 1, baseSequence: 58 }), client);
    expect(late).toMatchObject(refusedWith(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER));
  });

  test('of an epoch that was succeeded is fenced', () => {
    const state = after(data(), data({ producerEpoch: 3 }));
    const fenced = refusedWith(ErrorCode.INVALID_PRODUCER_EPOCH);
    expect(state.judge(data({ baseSequence: 1 }), client)).toMatchObject(fenced);
    expect(state.judge(marker(true, { producerEpoch: 2 }), coordinator)).toMatchObject(fenced);
  });

  test('is forgotten when the producer was not heard of for long, unless its transaction is open', () => {
    // Whatever times its records claim.
    const future = { maxTimestampMs: Number.MAX_SAFE_INTEGER };
    const state = after(data(future), data({ producerId: 8, isTransactional: true }));
    expect(state.expire(86_399_999, 86_400_000)).toBe(0);
    expect(state.expire(86_400_000, 86_400_000)).toBe(1);
    expect(state.judge(data({ baseSequence: 9 }), client)).toBeUndefined();
    expect(state.entry(8)?.transactionFirstOffset).toBe(1);
  });
});

describe('a transaction', () => {
  test('begins with leave only, which a marker that comes first takes back', () => {
    const state = new ProducerState();
    const batch = data({ isTransactional: true });
    const withoutLeave = refusedWith(ErrorCode.INVALID_TXN_STATE);
    expect(state.judge(batch, { type: 'client' })).toMatchObject(withoutLeave);
    const leave = state.startVerification(batch, true);
    expect(state.judge(batch, { type: 'client', verification: leave })).toBeUndefined();
    state.appended(marker(false, { producerEpoch: 0 }), 0, 0);
    expect(state.judge(batch, { type: 'client', verification: leave })).toMatchObject(withoutLeave);
  });

  test('begins with the lowest sequence that waits for leave, with 0 under version 2', () => {
    const state = new ProducerState();
    const leave = state.startVerification(data({ baseSequence: 5, isTransactional: true }), false);
    expect(state.startVerification(data({ baseSequence: 3, isTransactional: true }), false)).toBe(leave);
    const origin = { type: 'client', verification: leave } as const;
    const early = state.judge(data({ baseSequence: 5, isTransactional: true }), origin);
    expect(early).toMatchObject(refusedWith(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER));
    expect(state.judge(data({ baseSequence: 3, isTransactional: true }), origin)).toBeUndefined();
    const unknown = data({ producerId: 9, baseSequence: 4, isTransactional: true });
    const verification = state.startVerification(unknown, true);
    const verdict = state.judge(unknown, { type: 'client', verification });
    expect(verdict).toMatchObject(refusedWith(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER));
  });

  test('leaves nothing behind where the leave was refused', () => {
    const state = new ProducerState();
    const batch = data({ isTransactional: true });
    const [one, two] = [state.startVerification(batch, true), state.startVerification(batch, true)];
    if (one === undefined || two === undefined) throw new Error('no leave asked for');
    state.endVerification(one);
    expect(state.judge(batch, { type: 'client', verification: two })).toBeUndefined();
    state.endVerification(two);
    expect(state.judge(batch, { type: 'client', verification: two })).toMatchObject({ type: 'refused' });
  });

  test('is ended by a marker of its coordinator, of a higher epoch under version 2, and not by an older coordinator', () => {
    const state = after(data({ isTransactional: true }));
    const same = marker(true);
    const version2 = { type: 'coordinator', transactionVersion: 2 } as const;
    expect(state.judge(same, version2)).toMatchObject(refusedWith(ErrorCode.INVALID_PRODUCER_EPOCH));
    expect(state.judge(marker(true, { producerEpoch: 1 }), version2)).toBeUndefined();
    expect(state.appended(marker(true, { producerEpoch: 1 }, 4), 1, 0)).toMatchObject({
      firstOffset: 0,
      lastOffset: 1,
    });
    // A repetition of the marker finds nothing open.
    expect(state.judge(marker(true, { producerEpoch: 1 }, 4), version2)).toBeUndefined();
    const stale = state.judge(marker(true, { producerEpoch: 1 }, 3), version2);
    expect(stale).toMatchObject(refusedWith(ErrorCode.TRANSACTION_COORDINATOR_FENCED));
    expect(state.judge(data({ producerEpoch: 1, isTransactional: true }), client)).toBeUndefined();
  });

  test('keeps records that are not part of it out', () => {
    const state = after(data({ isTransactional: true }));
    expect(state.judge(data({ baseSequence: 1 }), client)).toMatchObject(refusedWith(ErrorCode.INVALID_TXN_STATE));
  });

  test('holds readers back until its marker is committed', () => {
    const state = after(data(), data({ producerId: 8, isTransactional: true }));
    expect(state.firstUnstableOffset).toBe(1);
    state.appended(marker(true, { producerId: 8 }), 2, 0);
    expect(state.firstUnstableOffset).toBe(1);
    state.highWatermarkReached(2);
    expect(state.firstUnstableOffset).toBe(1);
    state.highWatermarkReached(3);
    expect(state.firstUnstableOffset).toBeUndefined();
  });
});

describe('a producer snapshot', () => {
  test('is what Kafka writes', () => {
    const batches = [{ lastSequence: 12, lastOffset: 1005, offsetDelta: 2, timestampMs: 1_700_000_000_000 }];
    const times = { lastTimestampMs: 0, seenMs: 1_700_000_000_000 };
    const entry = { producerId: 4000, producerEpoch: 2, coordinatorEpoch: 15, transactionFirstOffset: 1003, batches };
    expect(Buffer.from(formatSnapshot([{ ...entry, ...times }], core)).toString('hex')).toBe(
      '0001dafa2dd9000000010000000000000fa000020000000c00000000000003ed000000020000018bcfe568000000000f00000000000003eb',
    );
  });

  test('that is damaged anywhere is refused', () => {
    const bytes = formatSnapshot(after(data(), data({ baseSequence: 1 })).entries, core);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const damaged = bytes.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(parseSnapshot(damaged, core)).toHaveProperty('problem');
    }
    for (let length = 0; length < bytes.length; length += 1) {
      expect(parseSnapshot(bytes.subarray(0, length), core)).toHaveProperty('problem');
    }
  });
});

describe('a transaction index', () => {
  test('is what Kafka writes', () => {
    const index = new TransactionIndex();
    index.append({ producerId: 4000, firstOffset: 1003, lastOffset: 1020, lastStableOffset: 1021 });
    expect(Buffer.from(index.bytes).toString('hex')).toBe(
      '00000000000000000fa000000000000003eb00000000000003fc00000000000003fd',
    );
  });

  test('forgets the markers that are cut off', () => {
    const index = new TransactionIndex();
    for (const lastOffset of [5, 9, 20]) {
      index.append({ producerId: 1, firstOffset: lastOffset - 2, lastOffset, lastStableOffset: lastOffset + 1 });
    }
    index.truncateTo(9);
    expect([index.count, index.at(0)?.lastOffset]).toEqual([1, 5]);
  });
});
