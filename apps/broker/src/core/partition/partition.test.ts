import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Partition, type PartitionAssignment, type PartitionEvent } from './partition.ts';

const BROKER = 1;

function assignment(over: Partial<PartitionAssignment> = {}): PartitionAssignment {
  return { leaderId: BROKER, leaderEpoch: 0, partitionEpoch: 0, isr: [BROKER], replicas: [BROKER], ...over };
}

function lead(machine: Partition, over: Partial<PartitionAssignment> = {}, unwritten = 0): PartitionEvent {
  const appendedEndOffset = machine.logEndOffset + unwritten;
  return { type: 'becomeLeader', assignment: assignment(over), appendedEndOffset, nowMs: 0 };
}

function partition(over: { endOffset?: number; highWatermark?: number; flushEveryMessage?: boolean } = {}): Partition {
  const endOffset = over.endOffset ?? 0;
  return new Partition({
    brokerId: BROKER,
    logStartOffset: 0,
    logEndOffset: endOffset,
    flushedEndOffset: endOffset,
    highWatermark: over.highWatermark ?? 0,
    settings: { minInsyncReplicas: 1, flushEveryMessage: over.flushEveryMessage ?? false },
    lagTimeMaxMs: 10_000,
  });
}

describe('Partition', () => {
  it('starts its leader epoch at the log end and commits what it alone holds', () => {
    const machine = partition({ endOffset: 7, highWatermark: 3 });
    const effects = machine.step(lead(machine, { leaderEpoch: 4 }));
    expect(effects).toEqual([
      { type: 'startLeaderEpoch', leaderEpoch: 4, startOffset: 7 },
      { type: 'highWatermarkAdvanced', highWatermark: 7 },
    ]);
    expect(machine.isEpochCommitted).toBe(true);
  });

  it('starts a new epoch behind what is appended but not yet written', () => {
    const machine = partition({ endOffset: 7, highWatermark: 7 });
    const effects = machine.step(lead(machine, { leaderEpoch: 4 }, 3));
    expect(effects).toEqual([{ type: 'startLeaderEpoch', leaderEpoch: 4, startOffset: 10 }]);
    expect(machine.isEpochCommitted).toBe(false);
    machine.step({ type: 'written', logEndOffset: 10, flushedEndOffset: 0 });
    expect(machine.isEpochCommitted).toBe(true);
  });

  it('advances the high watermark by what was written, or flushed where every message is flushed', () => {
    for (const flushEveryMessage of [false, true]) {
      const machine = partition({ flushEveryMessage });
      machine.step(lead(machine));
      machine.step({ type: 'written', logEndOffset: 5, flushedEndOffset: 2 });
      expect(machine.highWatermark).toBe(flushEveryMessage ? 2 : 5);
    }
  });

  it('keeps the watermark while an ISR member is unknown, and the epoch uncommitted', () => {
    const machine = partition({ endOffset: 4, highWatermark: 2 });
    machine.step(lead(machine, { isr: [1, 2], replicas: [1, 2] }));
    machine.step({ type: 'written', logEndOffset: 9, flushedEndOffset: 9 });
    expect(machine.highWatermark).toBe(2);
    expect(machine.isEpochCommitted).toBe(false);
    const effects = machine.step(lead(machine, { partitionEpoch: 1, isr: [1], replicas: [1, 2] }));
    expect(effects).toEqual([{ type: 'highWatermarkAdvanced', highWatermark: 9 }]);
  });

  it('commits nothing below min.insync.replicas, counted on the assigned replicas', () => {
    const machine = partition();
    machine.step({ type: 'configured', settings: { minInsyncReplicas: 2, flushEveryMessage: false } });
    machine.step(lead(machine, { replicas: [1, 2] }));
    machine.step({ type: 'written', logEndOffset: 3, flushedEndOffset: 0 });
    expect([machine.isUnderMinIsr, machine.highWatermark]).toEqual([true, 0]);
    machine.step({ type: 'configured', settings: { minInsyncReplicas: 1, flushEveryMessage: false } });
    expect([machine.isUnderMinIsr, machine.highWatermark]).toEqual([false, 3]);
  });

  it('gives up leadership to a newer epoch only', () => {
    const machine = partition();
    machine.step(lead(machine, { leaderEpoch: 5 }));
    expect(machine.step({ type: 'becomeFollower', assignment: assignment({ leaderId: 2, leaderEpoch: 4 }) })).toEqual(
      [],
    );
    expect(machine.isLeader).toBe(true);
    expect(machine.step({ type: 'becomeFollower', assignment: assignment({ leaderId: 2, leaderEpoch: 6 }) })).toEqual([
      { type: 'leadershipLost' },
    ]);
    expect([machine.isLeader, machine.leaderId]).toEqual([false, 2]);
  });

  it('is silent once closed', () => {
    const machine = partition();
    machine.step(lead(machine));
    expect(machine.step({ type: 'closed' })).toEqual([{ type: 'leadershipLost' }]);
    expect(machine.step({ type: 'written', logEndOffset: 5, flushedEndOffset: 5 })).toEqual([]);
    expect(machine.highWatermark).toBe(0);
  });

  it('keeps its invariants over any history: bounds, monotonic watermark, monotonic epoch', () => {
    fc.assert(
      fc.property(fc.array(move(), { maxLength: 60 }), fc.boolean(), (moves, flushEveryMessage) => {
        const machine = partition({ endOffset: 10, highWatermark: 4, flushEveryMessage });
        let [highWatermark, epoch] = [machine.highWatermark, machine.leaderEpoch];
        for (const next of moves) {
          const effects = machine.step(eventOf(next, machine));
          const advanced = effects.find((effect) => effect.type === 'highWatermarkAdvanced');
          expect(advanced !== undefined).toBe(machine.highWatermark > highWatermark);
          expect(machine.highWatermark).toBeGreaterThanOrEqual(highWatermark);
          expect(machine.leaderEpoch).toBeGreaterThanOrEqual(epoch);
          expect(machine.highWatermark).toBeLessThanOrEqual(machine.logEndOffset);
          if (machine.isLeader && !machine.isUnderMinIsr && machine.isr.length === 1)
            expect(machine.highWatermark).toBeGreaterThanOrEqual(machine.vouchedEndOffset);
          [highWatermark, epoch] = [machine.highWatermark, machine.leaderEpoch];
        }
      }),
      { numRuns: 500 },
    );
  });
});

interface Move {
  readonly kind: 'lead' | 'follow' | 'write' | 'flush' | 'trim' | 'settings';
  readonly amount: number;
  readonly alone: boolean;
}

function move(): fc.Arbitrary<Move> {
  return fc.record({
    kind: fc.constantFrom('lead', 'follow', 'write', 'flush', 'trim', 'settings'),
    amount: fc.integer({ min: 0, max: 5 }),
    alone: fc.boolean(),
  });
}

/** Makes a move legal for where the machine stands, epochs excepted: stale ones must be harmless. */
function eventOf(next: Move, machine: Partition): PartitionEvent {
  const leaderEpoch = machine.leaderEpoch + next.amount - 2;
  const end = machine.logEndOffset;
  switch (next.kind) {
    case 'lead': {
      const isr = next.alone ? [BROKER] : [BROKER, 2];
      // Within one epoch the leader does not change.
      const epoch = machine.isLeader ? leaderEpoch : leaderEpoch + 3;
      return lead(machine, { leaderEpoch: epoch, isr, replicas: [BROKER, 2] }, next.amount % 3);
    }
    case 'follow': {
      const epoch = machine.isLeader && leaderEpoch === machine.leaderEpoch ? leaderEpoch + 1 : leaderEpoch;
      return { type: 'becomeFollower', assignment: assignment({ leaderId: 2, leaderEpoch: epoch }) };
    }
    case 'write':
      return { type: 'written', logEndOffset: end + next.amount, flushedEndOffset: 0 };
    case 'flush':
      return { type: 'written', logEndOffset: end, flushedEndOffset: end };
    case 'trim':
      return { type: 'logStartMoved', logStartOffset: Math.min(machine.highWatermark, next.amount * 3) };
    case 'settings':
      return {
        type: 'configured',
        settings: { minInsyncReplicas: 1 + (next.amount % 2), flushEveryMessage: next.alone },
      };
    default:
      return next.kind satisfies never;
  }
}
