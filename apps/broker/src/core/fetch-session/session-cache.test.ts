import { ErrorCode, ZERO_UUID } from '@ks/protocol';
import { describe, expect, it } from 'vitest';
import type { FetchPosition, PartitionAnswer } from './position.ts';
import { EVICTION_MS, FetchSessionCache, type SessionAnswer, type SessionRequest } from './session-cache.ts';

const at = (partitionIndex: number, fetchOffset = 0): FetchPosition => ({
  topic: 'orders',
  topicId: ZERO_UUID,
  partitionIndex,
  currentLeaderEpoch: -1,
  fetchOffset,
  lastFetchedEpoch: -1,
  partitionMaxBytes: 1000,
});

const quiet: PartitionAnswer = {
  errorCode: 0,
  highWatermark: 5,
  logStartOffset: 0,
  sizeBytes: 0,
  divergingEpoch: undefined,
};

class Reader {
  readonly cache: FetchSessionCache;
  #next = 0;
  nowMs = 0;

  constructor(slotsMax: number, partitionsMax = 1000) {
    this.cache = new FetchSessionCache({ slotsMax, partitionsMax, random: () => this.#next++ });
  }

  ask(over: Partial<SessionRequest>, answers: (position: FetchPosition) => Partial<PartitionAnswer> = () => ({})) {
    const request = {
      ...{ sessionId: 0, sessionEpoch: 0, usesTopicIds: false, isFollower: false, positions: [], forgotten: [] },
      ...over,
    };
    const context = this.cache.open(request, this.nowMs);
    if (context.type === 'refused') return { errorCode: context.errorCode, sessionId: 0, read: [], told: [] };
    const given = context.positions.map((position) => ({ ...quiet, ...answers(position) }));
    const answer: SessionAnswer = this.cache.finish(context, given, this.nowMs);
    const read = context.positions.map((each) => each.partitionIndex);
    return {
      errorCode: answer.errorCode,
      sessionId: answer.sessionId,
      read,
      told: read.filter((_, i) => answer.told[i]),
    };
  }

  begin(size: number, isFollower = false): number {
    return this.ask({ positions: Array.from({ length: size }, (_, index) => at(index)), isFollower }).sessionId;
  }

  /** Uses a session; whether it is still there. */
  use(sessionId: number, sessionEpoch: number): boolean {
    return this.ask({ sessionId, sessionEpoch }).errorCode === ErrorCode.NONE;
  }
}

describe('an incremental fetch session', () => {
  it('tells all at first and then only what is new', () => {
    const reader = new Reader(10);
    const first = reader.ask({ positions: [at(0), at(1), at(2)] });
    expect(first).toMatchObject({ errorCode: 0, read: [0, 1, 2], told: [0, 1, 2] });
    const { sessionId } = first;
    expect(sessionId).toBeGreaterThan(0);
    expect(reader.ask({ sessionId, sessionEpoch: 1 })).toMatchObject({ sessionId, read: [0, 1, 2], told: [] });
    const moved = reader.ask({ sessionId, sessionEpoch: 2 }, ({ partitionIndex }) =>
      partitionIndex === 1 ? { highWatermark: 6 } : {},
    );
    expect(moved.told).toEqual([1]);
    const trimmed = reader.ask({ sessionId, sessionEpoch: 3 }, ({ partitionIndex }) => ({
      highWatermark: partitionIndex === 1 ? 6 : 5,
      logStartOffset: partitionIndex === 2 ? 3 : 0,
    }));
    expect(trimmed.told).toEqual([2]);
  });

  it('reads a partition last whose records it has sent', () => {
    const reader = new Reader(10);
    const sessionId = reader.begin(3);
    const records = reader.ask({ sessionId, sessionEpoch: 1 }, ({ partitionIndex }) => ({
      sizeBytes: partitionIndex === 0 ? 100 : 0,
    }));
    expect(records.told).toEqual([0]);
    expect(reader.ask({ sessionId, sessionEpoch: 2 }).read).toEqual([1, 2, 0]);
  });

  it('tells an error each time, and the partition once more when it is well', () => {
    const reader = new Reader(10);
    const sessionId = reader.begin(1);
    for (const sessionEpoch of [1, 2]) {
      expect(reader.ask({ sessionId, sessionEpoch }, () => ({ errorCode: 6, highWatermark: -1 })).told).toEqual([0]);
    }
    expect(reader.ask({ sessionId, sessionEpoch: 3 }).told).toEqual([0]);
    expect(reader.ask({ sessionId, sessionEpoch: 4 }).told).toEqual([]);
  });

  it('takes up new partitions and positions, and forgets', () => {
    const reader = new Reader(10);
    const sessionId = reader.begin(2);
    const offsets: number[] = [];
    const note = ({ fetchOffset }: FetchPosition) => {
      offsets.push(fetchOffset);
      return {};
    };
    expect(reader.ask({ sessionId, sessionEpoch: 1, positions: [at(1, 7), at(4, 9)] }, note)).toMatchObject({
      read: [0, 1, 4],
      told: [4],
    });
    expect(offsets).toEqual([0, 7, 9]);
    expect(reader.ask({ sessionId, sessionEpoch: 2, forgotten: [at(0), at(9)] }).read).toEqual([1, 4]);
    expect(reader.cache.partitionCount).toBe(2);
    const end = reader.ask({ sessionId, sessionEpoch: 3, forgotten: [at(1), at(4)] });
    expect(end).toMatchObject({ errorCode: 0, sessionId: 0, read: [] });
    expect(reader.ask({ sessionId, sessionEpoch: 4 }).errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    expect([reader.cache.sessionCount, reader.cache.partitionCount]).toEqual([0, 0]);
  });

  it('refuses an unknown session, another epoch, and topics named the other way', () => {
    const reader = new Reader(10);
    const sessionId = reader.begin(1);
    const refusal = (over: Partial<SessionRequest>) => reader.ask({ sessionId, sessionEpoch: 1, ...over }).errorCode;
    expect(refusal({ sessionId: sessionId + 1 })).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    expect(refusal({ sessionId: 0 })).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    expect(refusal({ sessionEpoch: 2 })).toBe(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
    expect(refusal({ usesTopicIds: true })).toBe(ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR);
    expect(refusal({})).toBe(ErrorCode.NONE);
    expect(refusal({})).toBe(ErrorCode.INVALID_FETCH_SESSION_EPOCH);
  });

  it('ends when its reader begins another or wants none', () => {
    const reader = new Reader(10);
    const first = reader.begin(1);
    const second = reader.ask({ sessionId: first, sessionEpoch: 0, positions: [at(0)] }).sessionId;
    expect(second).not.toBe(first);
    expect(reader.use(first, 1)).toBe(false);
    expect(reader.ask({ sessionId: second, sessionEpoch: -1, positions: [at(0)] })).toMatchObject({
      sessionId: 0,
      told: [0],
    });
    expect(reader.cache.sessionCount).toBe(0);
  });

  it('answers a request that was overtaken while it waited with nothing', () => {
    const reader = new Reader(10);
    const sessionId = reader.begin(1);
    const request = { usesTopicIds: false, isFollower: false, positions: [], forgotten: [], sessionId };
    const waiting = reader.cache.open({ ...request, sessionEpoch: 1 }, 0);
    expect(reader.use(sessionId, 2)).toBe(true);
    if (waiting.type === 'refused') throw new Error('the first request was refused');
    expect(reader.cache.finish(waiting, [{ ...quiet, sizeBytes: 10 }], 0)).toEqual({
      ...{ errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH, sessionId, told: [false] },
    });
  });

  it('lets its epoch begin again at 1 after the greatest', () => {
    const reader = new Reader(10);
    const sessionId = reader.begin(1);
    const request = {
      usesTopicIds: false,
      isFollower: false,
      positions: [],
      forgotten: [],
      sessionId,
      sessionEpoch: 1,
    };
    const context = reader.cache.open(request, 0);
    if (context.type !== 'incremental') throw new Error('the session is not there');
    context.session.epoch = 2_147_483_647;
    expect(reader.use(sessionId, 2_147_483_647)).toBe(true);
    expect(reader.use(sessionId, 1)).toBe(true);
  });
});

describe('the slots of fetch sessions', () => {
  it('go to nobody where there are none', () => {
    expect(new Reader(0).begin(1)).toBe(0);
  });

  it('stay with young consumers, whoever else comes', () => {
    const reader = new Reader(2);
    const held = [reader.begin(1), reader.begin(2)];
    expect(reader.begin(100)).toBe(0);
    expect(held.map((id) => reader.use(id, 1))).toEqual([true, true]);
  });

  it('go to a follower before the smallest consumer, but not before a young follower', () => {
    const reader = new Reader(2);
    const [small, large] = [reader.begin(1), reader.begin(2)];
    expect(reader.begin(1, true)).toBeGreaterThan(0);
    expect([reader.use(small, 1), reader.use(large, 1)]).toEqual([false, true]);
    expect(reader.begin(1, true)).toBeGreaterThan(0);
    expect(reader.begin(50, true)).toBe(0);
    expect(reader.cache.evictionCount).toBe(2);
  });

  it('go to a larger reader once a session has stood its time, never to one as large', () => {
    const reader = new Reader(1);
    const held = reader.begin(3);
    reader.nowMs = EVICTION_MS;
    expect(reader.use(held, 1)).toBe(true);
    expect(reader.begin(9)).toBe(0);
    reader.nowMs = EVICTION_MS + 1;
    expect(reader.use(held, 2)).toBe(true);
    expect(reader.begin(3)).toBe(0);
    expect(reader.begin(4)).toBeGreaterThan(0);
    expect(reader.use(held, 3)).toBe(false);
  });

  it('go to anybody when the least recently used one was silent too long', () => {
    const reader = new Reader(2);
    const [used, silent] = [reader.begin(5), reader.begin(5, true)];
    reader.nowMs = EVICTION_MS;
    reader.use(used, 1);
    expect(reader.begin(1)).toBe(0);
    reader.nowMs = EVICTION_MS + 1;
    expect(reader.begin(1)).toBeGreaterThan(0);
    expect([reader.use(used, 2), reader.use(silent, 1)]).toEqual([true, false]);
  });

  it('hold a bounded number of partitions together', () => {
    const reader = new Reader(10, 5);
    const first = reader.begin(3);
    expect(reader.begin(3)).toBe(0);
    expect(reader.begin(2)).toBeGreaterThan(0);
    expect(reader.cache.partitionCount).toBe(5);
    const grown = reader.ask({ sessionId: first, sessionEpoch: 1, positions: [at(8)] });
    expect(grown.errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND);
    expect(reader.cache.partitionCount).toBe(2);
  });
});
