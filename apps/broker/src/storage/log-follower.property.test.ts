import { setBaseOffset, setLeaderEpoch } from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, openLog, readAll, type TestEnvironment, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { bytesOfParts } from '../ports/wire-part.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';
import type { Log } from './log.ts';
import type { LogConfig } from './log-config.ts';

const config: Partial<LogConfig> = { segmentBytes: 2500, indexIntervalBytes: 200 };

interface Batch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  readonly bytes: Uint8Array;
}

const step = fc.oneof(
  fc.record({
    type: fc.constant('write' as const),
    count: fc.nat(3),
    bytes: fc.nat(700),
    gap: fc.constantFrom(0, 0, 0, 2),
  }),
  fc.record({ type: fc.constant('replicate' as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant('replicate' as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ type: fc.constant('damage' as const), at: fc.nat(), how: fc.constantFrom('flip', 'cut', 'again') }),
  fc.record({ type: fc.constant('elect' as const), back: fc.nat(12) }),
  fc.record({ type: fc.constant('reconcile' as const) }),
  fc.record({
    type: fc.constant('dieWhileCutting' as const),
    back: fc.nat(20),
    turns: fc.nat(12),
    isPower: fc.boolean(),
  }),
  fc.record({ type: fc.constant('trim' as const), by: fc.nat(30) }),
  fc.record({ type: fc.constantFrom('turn' as const, 'wait' as const, 'flush' as const, 'checkpoint' as const) }),
  fc.record({ type: fc.constantFrom('restart' as const, 'kill' as const, 'crash' as const) }),
  fc.record({ type: fc.constant('hold' as const), at: fc.nat() }),
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** A leader's log as a list, and a follower's on a disk that forgets, which must always be what it was given of such lists. */
class Trial {
  readonly clock = new VirtualClock();
  readonly random;
  files: SimFiles;
  environment: TestEnvironment;
  log!: Log;
  leader: Batch[] = [];
  leaderEpoch = 0;
  leaderEnd = 0;
  leaderStart = 0;
  /** What the follower must have. */
  own: Batch[] = [];
  ownEnd = 0;
  recoveryPoint = 0;
  /** As checkpointed. */
  startOffset = 0;
  fill = 0;
  /** A reader that took its part before whatever came. */
  held: { readonly expected: Uint8Array; readonly read: () => Promise<Uint8Array> } | undefined;

  constructor(seed: number) {
    this.random = createPrng(seed);
    this.files = new SimFiles({ clock: this.clock, random: this.random });
    this.environment = this.#environment();
  }

  #environment(): TestEnvironment {
    return testEnvironment({ files: this.files, clock: this.clock, tailBudgetBytes: 16_384 });
  }

  async open(cleanShutdown: boolean): Promise<void> {
    const { recoveryPoint } = this;
    const logStartOffset = Math.min(this.startOffset, this.ownEnd);
    const hooks = {
      advanced: () => undefined,
      failed: () => undefined,
      cut: async (log: Log) => {
        this.recoveryPoint = Math.min(this.recoveryPoint, log.logEndOffset);
        this.startOffset = log.logStartOffset;
      },
    };
    const opened = openLog(this.environment, {
      configChange: config,
      recoveryPoint,
      logStartOffset,
      cleanShutdown,
      hooks,
    });
    this.log = (await this.clock.settle(opened)).log;
  }

  async run(action: Step): Promise<void> {
    switch (action.type) {
      case 'write':
        return this.write(action.count + 1, action.bytes, action.gap);
      case 'replicate':
        return this.replicate(action.count);
      case 'damage':
        return this.damage(action.at, action.how);
      case 'elect':
        return this.elect(action.back);
      case 'reconcile':
        return this.reconcile();
      case 'dieWhileCutting':
        return this.dieWhileCutting(action.back, action.turns, action.isPower);
      case 'trim':
        this.leaderStart = Math.min(this.leaderEnd, this.leaderStart + action.by);
        return;
      case 'turn':
        return this.clock.pass(0.5);
      case 'wait':
        return this.clock.run(() => this.log.logEndOffset === this.log.appendedEndOffset);
      case 'flush':
        return this.clock.settle(this.log.flush());
      case 'checkpoint':
        this.recoveryPoint = await this.clock.settle(this.log.prepareCheckpoint());
        return;
      case 'restart':
        return this.restart();
      case 'kill':
        return this.lose(this.files.kill(), this.log.logEndOffset);
      case 'crash':
        return this.lose(this.files.crash(), this.log.flushedEndOffset);
      case 'hold':
        return this.hold(action.at);
      default:
        action satisfies never;
    }
  }

  /** A batch at the leader; compaction may have left a gap before it. */
  write(count: number, valueBytes: number, gap: number): void {
    this.fill = (this.fill + 1) % 251;
    const bytes = batchOf(count, { valueBytes, fill: this.fill });
    const baseOffset = this.leaderEnd + gap;
    setBaseOffset(bytes, 0, baseOffset);
    setLeaderEpoch(bytes, 0, this.leaderEpoch);
    const lastOffset = baseOffset + count - 1;
    this.leader.push({ baseOffset, lastOffset, leaderEpoch: this.leaderEpoch, bytes });
    this.leaderEnd = lastOffset + 1;
  }

  next(count: number): readonly Batch[] {
    if (!this.agrees || this.log.appendedEndOffset < this.leaderStart) return [];
    return this.leader.filter((batch) => batch.lastOffset >= this.log.appendedEndOffset).slice(0, count);
  }

  async replicate(count: number): Promise<void> {
    const batches = this.next(count);
    const first = batches[0]?.baseOffset ?? this.ownEnd;
    // The leader's log starts within a batch, and so would this one.
    if (first < this.ownEnd) await this.clock.settle(this.log.truncateFullyAndStartAt(first));
    expect(this.log.appendAsFollower(concat(batches))).toEqual({ batchCount: batches.length, failure: undefined });
    this.took(batches);
    if (batches.length === 0 || first >= this.leaderStart) return;
    await this.clock.run(() => this.log.logEndOffset === this.ownEnd);
    this.startOffset = this.log.advanceLogStartOffset(this.leaderStart);
  }

  took(batches: readonly Batch[]): void {
    this.own.push(...batches);
    this.ownEnd = (batches.at(-1)?.lastOffset ?? this.ownEnd - 1) + 1;
    expect(this.log.appendedEndOffset).toBe(this.ownEnd);
  }

  /** What is not whole, not sound or not next is not appended, nor anything behind it; what comes before it is. */
  damage(at: number, how: 'flip' | 'cut' | 'again'): void {
    const batches = this.next(3);
    if (batches.length === 0 || (batches[0] as Batch).baseOffset < this.ownEnd) return;
    const bytes = concat(how === 'again' ? [...batches, batches[0] as Batch] : batches);
    let wrongAt = bytes.length - (how === 'again' ? (batches[0] as Batch).bytes.length : 0);
    let given = bytes;
    if (how === 'cut') {
      wrongAt = at % bytes.length;
      given = bytes.subarray(0, wrongAt);
    } else if (how === 'flip') {
      // The base offset and the leader epoch lie outside the checksum, so that the broker can stamp them.
      const first = (batches[0] as Batch).bytes.length;
      wrongAt = 8 + (at % (first - 8));
      if (wrongAt >= 12 && wrongAt < 16) wrongAt += 4;
      bytes[wrongAt] = (bytes[wrongAt] ?? 0) ^ 0x10;
    }
    let good = 0;
    for (let end = 0; good < batches.length; good++) {
      end += (batches[good] as Batch).bytes.length;
      if (end > wrongAt) break;
    }
    const result = this.log.appendAsFollower(given);
    expect(result.batchCount).toBe(good);
    expect(result.failure === undefined).toBe(how === 'cut' && sizeOf(batches.slice(0, good)) === wrongAt);
    this.took(batches.slice(0, good));
  }

  /** Another leader, which lacks the last records, goes on under a new epoch. */
  elect(back: number): void {
    const end = Math.max(0, this.leaderEnd - back);
    this.leader = this.leader.filter((batch) => batch.lastOffset < end);
    this.leaderEnd = (this.leader.at(-1)?.lastOffset ?? -1) + 1;
    this.leaderStart = Math.min(this.leaderStart, this.leaderEnd);
    this.leaderEpoch += 1;
    this.write(1, 20, 0);
  }

  /** Whether the follower's log is a prefix of the leader's. */
  get agrees(): boolean {
    return this.own.every((batch) => this.leader.includes(batch)) && this.ownEnd <= this.leaderEnd;
  }

  /** What a follower does when its leader tells it where they part. */
  async reconcile(): Promise<void> {
    if (this.log.appendedEndOffset < this.leaderStart) {
      await this.clock.settle(this.log.truncateFullyAndStartAt(this.leaderStart));
      this.own = [];
      this.ownEnd = this.leaderStart;
      expect([this.log.logStartOffset, this.log.appendedEndOffset]).toEqual([this.leaderStart, this.leaderStart]);
    } else if (!this.agrees) {
      const common = this.own.findIndex((batch) => !this.leader.includes(batch));
      const first = common < 0 ? this.leaderEnd : (this.own[common] as Batch).baseOffset;
      await this.truncate(first);
    }
    await this.verify();
  }

  async truncate(offset: number): Promise<void> {
    await this.clock.settle(this.log.truncateTo(offset));
    this.cut(offset);
    expect(this.log.latestLeaderEpoch).toBe(this.own.at(-1)?.leaderEpoch ?? -1);
  }

  cut(offset: number): void {
    this.own = this.own.filter((batch) => batch.lastOffset < offset);
    this.ownEnd = this.log.appendedEndOffset;
    const lastEnd = (this.own.at(-1)?.lastOffset ?? -1) + 1;
    expect(this.ownEnd).toBeGreaterThanOrEqual(lastEnd);
    expect(this.ownEnd).toBeLessThanOrEqual(Math.max(offset, lastEnd));
  }

  /** The process, or the machine, ends somewhere on the way. What was not to go, and was safe before, is still there. */
  async dieWhileCutting(back: number, turns: number, isPower: boolean): Promise<void> {
    const offset = Math.max(this.log.logStartOffset, this.log.appendedEndOffset - back);
    const safeEnd = isPower ? this.log.flushedEndOffset : this.log.logEndOffset;
    let isOver = false;
    this.log.truncateTo(offset).then(
      () => {
        isOver = true;
      },
      () => undefined,
    );
    for (let turn = 0; turn < turns; turn++) await this.clock.pass(0.1);
    const cutEnd =
      this.own.filter((batch) => batch.lastOffset < offset).at(-1)?.lastOffset ?? this.log.logStartOffset - 1;
    const survivor = isPower ? this.files.crash() : this.files.kill();
    await this.lose(survivor, Math.min(safeEnd, cutEnd + 1));
    if (isOver) expect(this.log.logEndOffset).toBeLessThanOrEqual(Math.max(offset, this.log.logStartOffset));
  }

  async restart(): Promise<void> {
    await this.dropHeld();
    await this.clock.settle(this.log.close());
    await this.clock.settle(this.environment.handles.close());
    expect(this.environment.memory.pool.freeBytes).toBe(this.environment.memory.pool.totalBytes);
    this.environment = this.#environment();
    await this.open(true);
    await this.verify();
  }

  async lose(survivor: SimFiles, keptEndOffset: number): Promise<void> {
    this.held = undefined;
    this.files = survivor;
    this.environment = this.#environment();
    await this.open(false);
    const { logEndOffset } = this.log;
    expect(logEndOffset).toBeGreaterThanOrEqual(Math.min(keptEndOffset, this.ownEnd));
    expect(logEndOffset).toBeLessThanOrEqual(this.ownEnd);
    this.own = this.own.filter((batch) => batch.lastOffset < logEndOffset);
    this.ownEnd = logEndOffset;
    await this.verify();
  }

  async hold(at: number): Promise<void> {
    await this.dropHeld();
    const { logStartOffset, logEndOffset } = this.log;
    if (logEndOffset <= logStartOffset) return;
    const from = logStartOffset + (at % (logEndOffset - logStartOffset));
    const read = await this.clock.settle(
      Promise.resolve(this.log.read(from, 2000, logEndOffset, { minOneBatch: true })),
    );
    if (read.type !== 'records') throw new Error('nothing to read');
    const given = this.own.filter((batch) => batch.lastOffset >= from && batch.lastOffset < read.nextOffset);
    this.held = { expected: concat(given), read: () => bytesOfParts(read.parts) };
  }

  /** What a reader holds is what it was, or cannot be had any more; never something else. */
  async dropHeld(): Promise<void> {
    const { held } = this;
    this.held = undefined;
    if (held === undefined) return;
    const bytes = await this.clock.settle(held.read().catch((error: unknown) => error));
    if (bytes instanceof Error) expect(bytes.message).toContain('truncated');
    else expect(bytes).toEqual(held.expected);
  }

  async verify(): Promise<void> {
    await this.clock.run(() => this.log.logEndOffset === this.log.appendedEndOffset);
    expect(this.log.logEndOffset).toBe(this.ownEnd);
    const found = await this.clock.settle(readAll(this.log));
    const visible = this.own.filter((batch) => batch.lastOffset >= this.log.logStartOffset);
    expect(found.map((batch) => batch.bytes.slice())).toEqual(visible.map((batch) => batch.bytes));
    for (const batch of visible) expect(this.log.epochForOffset(batch.lastOffset)).toBe(batch.leaderEpoch);
  }
}

function sizeOf(batches: readonly Batch[]): number {
  return batches.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

function concat(batches: readonly Batch[]): Uint8Array {
  const bytes = new Uint8Array(sizeOf(batches));
  let at = 0;
  for (const batch of batches) {
    bytes.set(batch.bytes, at);
    at += batch.bytes.length;
  }
  return bytes;
}

async function runTrial(seed: number, steps: readonly Step[]): Promise<void> {
  const trial = new Trial(seed);
  await trial.open(true);
  for (const each of steps) await trial.run(each);
  await trial.dropHeld();
  await trial.reconcile();
  await trial.replicate(1000);
  await trial.verify();
  await trial.lose(trial.files.crash(), trial.log.flushedEndOffset);
}

describe('a follower’s log on a disk that forgets', () => {
  test('is what its leaders gave it, through truncation, death in the middle of it, damaged batches and new starts', async () => {
    await fc.assert(fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 5, maxLength: 60 }), runTrial), {
      numRuns: Number(process.env['KS_STORAGE_RUNS'] ?? 150),
    });
  });
});
