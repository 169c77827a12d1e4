import { ZERO_UUID } from '@ks/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FetchPosition, PartitionAnswer } from './position.ts';
import { type FetchContext, FetchSessionCache } from './session-cache.ts';

// A reader that keeps what each answer told it must always know what a full answer would have told, whatever happens to its
// sessions: they may vanish, be overtaken, lose and win slots. And each record is told exactly once per read.

const PARTITIONS = 4;

interface PartitionState {
  highWatermark: number;
  logStartOffset: number;
  errorCode: number;
  /** Counts its changes. */
  version: number;
}

/** What one reader remembers, as a client does. */
class ModelReader {
  sessionId = 0;
  epoch = 0;
  /** Wanted partitions and where it stands in them. */
  readonly wanted = new Map<number, number>();
  /** What it has told the broker within the session. */
  sent = new Map<number, number>();
  known = new Map<number, Omit<PartitionState, 'version'>>();
}

function position(partitionIndex: number, fetchOffset: number): FetchPosition {
  const rest = { currentLeaderEpoch: -1, lastFetchedEpoch: -1, partitionMaxBytes: 10 };
  return { topic: 't', topicId: ZERO_UUID, partitionIndex, fetchOffset, ...rest };
}

class World {
  readonly partitions: PartitionState[] = Array.from({ length: PARTITIONS }, () => ({
    ...{ highWatermark: 0, logStartOffset: 0, errorCode: 0, version: 0 },
  }));
  readonly readers = Array.from({ length: 4 }, () => new ModelReader());
  readonly cache: FetchSessionCache;
  /** Whether answers say how long they hold. */
  readonly knowsChanges: boolean;
  nowMs = 0;

  constructor(slotsMax: number, partitionsMax: number, knowsChanges: boolean) {
    this.knowsChanges = knowsChanges;
    let next = 0;
    this.cache = new FetchSessionCache({ slotsMax, partitionsMax, random: () => next++ % 7 });
  }

  answer({ partitionIndex, fetchOffset }: FetchPosition): PartitionAnswer {
    const state = this.partitions[partitionIndex] as PartitionState;
    if (state.errorCode !== 0) {
      return {
        errorCode: state.errorCode,
        highWatermark: -1,
        logStartOffset: -1,
        sizeBytes: 0,
        divergingEpoch: undefined,
      };
    }
    const { highWatermark, logStartOffset } = state;
    const sizeBytes = Math.max(0, highWatermark - fetchOffset);
    const answer = { errorCode: 0, highWatermark, logStartOffset, sizeBytes, divergingEpoch: undefined };
    if (sizeBytes > 0 || !this.knowsChanges) return answer;
    const { version } = state;
    const untilMs = this.nowMs + 30_000;
    return { ...answer, stillHolds: (nowMs) => state.version === version && nowMs < untilMs };
  }

  request(reader: ModelReader): FetchContext {
    const isNew = reader.epoch === 0;
    const changed = [...reader.wanted].filter(([index, offset]) => isNew || reader.sent.get(index) !== offset);
    const gone = isNew ? [] : [...reader.sent.keys()].filter((index) => !reader.wanted.has(index));
    return this.cache.open(
      {
        ...{ sessionId: reader.sessionId, sessionEpoch: reader.epoch, usesTopicIds: false, isFollower: false },
        positions: changed.map(([index, offset]) => position(index, offset)),
        forgotten: gone.map((index) => position(index, 0)),
      },
      this.nowMs,
    );
  }

  exchange(reader: ModelReader): void {
    const context = this.request(reader);
    if (context.type === 'refused') {
      begin(reader);
      return;
    }
    const read = new Map(context.positions.map((each) => [each.partitionIndex, each.fetchOffset]));
    for (const [index, offset] of read) expect(reader.wanted.get(index)).toBe(offset);
    // Only what it knows already may be left out.
    const leftOut = [...reader.wanted].filter(([index]) => !read.has(index));
    if (!this.knowsChanges) expect(leftOut).toEqual([]);
    for (const [index, offset] of leftOut) expect(this.answer(position(index, offset)).sizeBytes).toBe(0);
    const answers = context.positions.map((each) => this.answer(each));
    const { errorCode, sessionId, told } = this.cache.finish(context, answers, this.nowMs);
    expect(errorCode).toBe(0);
    context.positions.forEach(({ partitionIndex }, index) => {
      const answer = answers[index] as PartitionAnswer;
      if (told[index]) reader.known.set(partitionIndex, { ...answer });
      // Nothing of worth is ever left out.
      else expect([answer.sizeBytes, answer.errorCode]).toEqual([0, 0]);
    });
    reader.sent = new Map(reader.wanted);
    // What it knows is what a full answer would have told.
    for (const [index, offset] of reader.wanted) {
      const { highWatermark, logStartOffset } = this.answer(position(index, offset));
      expect(reader.known.get(index)).toMatchObject({ highWatermark, logStartOffset });
    }
    // Records were taken: the next request stands behind them.
    for (const [index, offset] of reader.wanted) {
      const state = this.partitions[index] as PartitionState;
      if (state.errorCode === 0) reader.wanted.set(index, Math.max(offset, state.highWatermark));
    }
    if (sessionId === 0) begin(reader);
    else {
      reader.epoch = sessionId === reader.sessionId ? reader.epoch + 1 : 1;
      reader.sessionId = sessionId;
    }
  }
}

function begin(reader: ModelReader): void {
  reader.sessionId = 0;
  reader.epoch = 0;
  reader.sent = new Map();
}

const small = fc.nat({ max: PARTITIONS - 1 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('fetch' as const), reader: fc.nat({ max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('append' as const), partition: small }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('trim' as const), partition: small }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('fail' as const), partition: small, errorCode: fc.constantFrom(0, 6) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('want' as const), reader: fc.nat({ max: 3 }), partition: small }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('forget' as const), reader: fc.nat({ max: 3 }), partition: small }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.constantFrom(10, 60_000, 130_000) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('lose' as const), reader: fc.nat({ max: 3 }) }) },
);

it('a reader always knows what full answers would have told it, and the cache stays within its bounds', () => {
  const bounds = fc.record({ slotsMax: fc.nat({ max: 3 }), partitionsMax: fc.nat({ max: 10 }) });
  fc.assert(
    fc.property(
      bounds,
      fc.boolean(),
      fc.array(step, { maxLength: 80 }),
      ({ slotsMax, partitionsMax }, knowsChanges, steps) => {
        const world = new World(slotsMax, partitionsMax, knowsChanges);
        for (const each of steps) {
          const reader = 'reader' in each ? (world.readers[each.reader] as ModelReader) : undefined;
          const state = 'partition' in each ? (world.partitions[each.partition] as PartitionState) : undefined;
          if (state !== undefined) state.version += 1;
          if (each.type === 'wait') world.nowMs += each.ms;
          else if (each.type === 'append' && state) state.highWatermark += 1;
          else if (each.type === 'trim' && state) state.logStartOffset = state.highWatermark;
          else if (each.type === 'fail' && state) state.errorCode = each.errorCode;
          else if (each.type === 'want') reader?.wanted.set(each.partition, reader.wanted.get(each.partition) ?? 0);
          else if (each.type === 'forget') {
            reader?.wanted.delete(each.partition);
            reader?.known.delete(each.partition);
          } else if (each.type === 'fetch' && reader) world.exchange(reader);
          // Its answer was lost: the reader asks with the epoch it had, and begins anew when that is refused.
          else if (each.type === 'lose' && reader) world.request(reader);
          expect(world.cache.sessionCount).toBeLessThanOrEqual(slotsMax);
          expect(world.cache.partitionCount).toBeLessThanOrEqual(partitionsMax);
        }
      },
    ),
    { numRuns: 400 },
  );
});
