import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Partition, type PartitionEffect, type PartitionEvent } from './partition.ts';

const LEADER = 1;
const FOLLOWERS = [2, 3, 4] as const;
const REPLICAS = [LEADER, ...FOLLOWERS];
const LAG_MAX_MS = 100;

interface Write {
  readonly partitionEpoch: number;
  readonly isr: readonly number[];
  /** The epochs of those that join, as the leader knew them. */
  readonly joiners: ReadonlyMap<number, number>;
  /** An answer to it was lost. */
  readonly isLost: boolean;
}

/** A follower as it really is. */
interface TrueFollower {
  endOffset: number;
  epoch: number;
  isAlive: boolean;
  /** A fetch of its under way, which may arrive after it was born anew. */
  late: { readonly offset: number; readonly epoch: number } | undefined;
}

/** A leader under test in a world of which the model knows the truth: what the store holds, what each follower has on disk. */
class World {
  readonly machine: Partition;
  readonly followers = new Map<number, TrueFollower>();
  store = { isr: [...REPLICAS] as readonly number[], partitionEpoch: 0 };
  /** Under way, oldest first: one that was made from an older record may still be. */
  writes: Write[] = [];
  endOffset = 0;
  nowMs = 0;
  nextEpoch = 100;

  constructor(minInsyncReplicas: number) {
    for (const id of FOLLOWERS) {
      this.followers.set(id, { endOffset: 0, epoch: this.nextEpoch++, isAlive: true, late: undefined });
    }
    this.machine = new Partition({
      brokerId: LEADER,
      logStartOffset: 0,
      logEndOffset: 0,
      flushedEndOffset: 0,
      highWatermark: 0,
      settings: { minInsyncReplicas, flushEveryMessage: false },
      lagTimeMaxMs: LAG_MAX_MS,
    });
    this.deliver();
  }

  follower(id: number): TrueFollower {
    const found = this.followers.get(id);
    if (found === undefined) throw new Error(`no follower ${id}`);
    return found;
  }

  /** The image as the store is now: brokers and the partition's record. */
  deliver(): void {
    const alive = [...this.followers].filter(([, each]) => each.isAlive);
    this.step({ type: 'brokersChanged', live: new Map(alive.map(([id, { epoch }]) => [id, epoch])) });
    const { isr, partitionEpoch } = this.store;
    const assignment = { leaderId: LEADER, leaderEpoch: 5, partitionEpoch, isr, replicas: REPLICAS };
    this.step({ type: 'becomeLeader', assignment, appendedEndOffset: this.endOffset, nowMs: this.nowMs });
    this.known = new Map(alive.map(([id, { epoch }]) => [id, epoch]));
  }
  known = new Map<number, number>();

  step(event: PartitionEvent): void {
    for (const effect of this.machine.step(event)) this.carryOut(effect);
    this.check();
  }

  carryOut(effect: PartitionEffect): void {
    if (effect.type !== 'changeIsr') return;
    const epochs = this.writes.map((write) => write.partitionEpoch);
    expect(epochs, 'one write from one record').not.toContain(effect.partitionEpoch);
    expect(effect.isr).toContain(LEADER);
    const joins = effect.isr.filter((id) => !this.machine.isr.includes(id));
    const joiners = new Map(joins.map((id) => [id, this.known.get(id) ?? -1]));
    this.writes.push({ partitionEpoch: effect.partitionEpoch, isr: effect.isr, joiners, isLost: false });
  }

  /** The store takes the write if its conditions hold. */
  apply(write: Write): boolean {
    if (write.partitionEpoch !== this.store.partitionEpoch) return false;
    for (const [id, epoch] of write.joiners) {
      const { isAlive, epoch: now } = this.follower(id);
      if (!isAlive || now !== epoch) return false;
    }
    this.store = { isr: write.isr, partitionEpoch: write.partitionEpoch + 1 };
    return true;
  }

  /** The answer comes. */
  answerWrite(): void {
    const write = this.writes.shift();
    if (write === undefined) return;
    const isDone = this.apply(write);
    // After a lost answer a record that has changed since may be this write's, or another's.
    const isSure = isDone || !write.isLost || this.store.partitionEpoch === write.partitionEpoch;
    const failed = isSure ? 'conflict' : 'unknown';
    const { partitionEpoch } = write;
    this.step({ type: 'isrChangeEnded', partitionEpoch, outcome: isDone ? 'ok' : failed });
  }

  /** The store may have taken the write, but nobody hears of it: it is made again. */
  loseAnswer(): void {
    const write = this.writes.shift();
    if (write === undefined) return;
    this.apply(write);
    this.writes.push({ ...write, isLost: true });
  }

  fetch(id: number, offset: number, brokerEpoch: number): void {
    if (this.machine.judgeFetcher(id, brokerEpoch) !== 'replica') return;
    const fetch = { brokerId: id, brokerEpoch, fetchOffset: offset, logStartOffset: 0, nowMs: this.nowMs };
    this.step({ type: 'followerFetched', fetch });
  }

  /** The follower copies up to `amount` records more and asks for what follows. */
  replicate(id: number, amount: number): void {
    const follower = this.follower(id);
    if (!follower.isAlive) return;
    this.fetch(id, follower.endOffset, follower.epoch);
    follower.endOffset = Math.min(this.endOffset, follower.endOffset + amount);
    this.fetch(id, follower.endOffset, follower.epoch);
  }

  /** What the controller does when a broker is gone for good, or comes back with less than it had. */
  expel(id: number): void {
    if (!this.store.isr.includes(id)) return;
    const isr = this.store.isr.filter((each) => each !== id);
    this.store = { isr, partitionEpoch: this.store.partitionEpoch + 1 };
  }

  /** What is promised: every member of the ISR that the store holds has all that is committed. */
  check(): void {
    const { highWatermark } = this.machine;
    expect(highWatermark).toBeLessThanOrEqual(this.endOffset);
    for (const id of this.store.isr) {
      if (id === LEADER) continue;
      const { endOffset } = this.follower(id);
      expect(endOffset, `broker ${id} of the ISR lacks what is committed`).toBeGreaterThanOrEqual(highWatermark);
    }
  }
}

const moves = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'append',
      'replicate',
      'replicate',
      'replicate',
      'wait',
      'answer',
      'lose',
      'deliver',
      'restart',
      'crash',
      'die',
      'send',
      'arrive',
    ),
    id: fc.constantFrom(...FOLLOWERS),
    amount: fc.integer({ min: 0, max: 4 }),
  }),
  { maxLength: 80 },
);
type Move = (typeof moves extends fc.Arbitrary<infer All> ? All : never)[number];

function play(world: World, { kind, id, amount }: Move): void {
  const follower = world.follower(id);
  switch (kind) {
    case 'append':
      world.endOffset += amount;
      world.step({ type: 'written', logEndOffset: world.endOffset, flushedEndOffset: 0 });
      return;
    case 'replicate':
      world.replicate(id, amount);
      return;
    case 'wait':
      world.nowMs += amount * 30;
      world.step({ type: 'tick', nowMs: world.nowMs });
      return;
    case 'answer':
      world.answerWrite();
      return;
    case 'lose':
      world.loseAnswer();
      return;
    case 'deliver':
      world.deliver();
      return;
    case 'send':
      follower.late = { offset: follower.endOffset, epoch: follower.epoch };
      return;
    case 'arrive':
      if (follower.late !== undefined) world.fetch(id, follower.late.offset, follower.late.epoch);
      follower.late = undefined;
      return;
    case 'restart':
      Object.assign(follower, { epoch: world.nextEpoch++, isAlive: true });
      return;
    case 'crash':
      world.expel(id);
      follower.endOffset = Math.max(0, follower.endOffset - amount);
      Object.assign(follower, { epoch: world.nextEpoch++, isAlive: true });
      return;
    case 'die':
      world.expel(id);
      follower.isAlive = false;
      return;
    default:
      kind satisfies never;
  }
}

describe('a leader and its followers', () => {
  it('commits nothing that a member of the stored ISR lacks, whatever is lost, late, born or dead', () => {
    fc.assert(
      fc.property(moves, fc.integer({ min: 1, max: 3 }), (played, minIsr) => {
        const world = new World(minIsr);
        for (const move of played) play(world, move);
      }),
      { numRuns: 1000 },
    );
  });

  it('has everyone in the ISR and everything committed once the world is quiet', () => {
    fc.assert(
      fc.property(moves, (played) => {
        const world = new World(2);
        for (const move of played) play(world, move);
        for (const [, follower] of world.followers) follower.isAlive = true;
        for (let round = 0; round < 4; round++) {
          while (world.writes.length > 0) world.answerWrite();
          world.deliver();
          world.nowMs += 1;
          world.step({ type: 'tick', nowMs: world.nowMs });
          for (const id of FOLLOWERS) world.replicate(id, 1_000_000);
        }
        expect(world.machine.highWatermark).toBe(world.endOffset);
        expect(new Set(world.store.isr)).toEqual(new Set(REPLICAS));
      }),
      { numRuns: 300 },
    );
  });

  it('takes out who has not caught up for the lag time', () => {
    const world = new World(1);
    const append = () => play(world, { kind: 'append', id: 2, amount: 4 });
    append();
    for (const id of FOLLOWERS) world.replicate(id, 4);
    append();
    for (const [nowMs, isr] of [
      [LAG_MAX_MS, REPLICAS],
      [LAG_MAX_MS + 1, [1, 2, 3]],
    ] as const) {
      world.nowMs = nowMs;
      for (const id of [2, 3]) world.replicate(id, 4);
      world.step({ type: 'tick', nowMs });
      world.answerWrite();
      expect(world.store.isr).toEqual(isr);
    }
    // The record is written but not seen: broker 4 still counts.
    expect(world.machine.highWatermark).toBe(4);
    world.deliver();
    expect(world.machine.highWatermark).toBe(8);
  });

  it('lets a follower join that is always a little behind a leader that never rests', () => {
    const world = new World(1);
    for (const id of FOLLOWERS) world.expel(id);
    world.deliver();
    const follower = world.follower(2);
    for (let round = 0; round < 10; round++) {
      play(world, { kind: 'append', id: 2, amount: 4 });
      // It gets all there is, but there is more before it asks again.
      world.fetch(2, follower.endOffset, follower.epoch);
      follower.endOffset = world.endOffset;
    }
    world.answerWrite();
    expect(world.store.isr).toEqual([1, 2]);
  });

  it('refuses fetches of incarnations that are gone, and of brokers that are no replicas', () => {
    const world = new World(1);
    const { epoch } = world.follower(2);
    expect(world.machine.judgeFetcher(2, epoch - 1)).toBe('stale');
    expect(world.machine.judgeFetcher(2, epoch)).toBe('replica');
    expect(world.machine.judgeFetcher(9, epoch)).toBe('not-a-replica');
    // Born anew, as its fetch says before the image does.
    world.fetch(2, 0, epoch + 50);
    expect(world.machine.judgeFetcher(2, epoch)).toBe('stale');
  });
});
