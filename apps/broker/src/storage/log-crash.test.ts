import type { RecordBatch } from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, openLog, readAll, type TestEnvironment, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';
import type { Log } from './log.ts';
import type { LogConfig } from './log-config.ts';

/** What the model knows of a batch: which record values it holds is told by `fill`. */
interface ModelBatch {
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  readonly fill: number;
  /** Of its first record; those behind it have one more each. */
  readonly timestamp: number;
}

type Step =
  | { readonly type: 'append'; readonly count: number; readonly valueBytes: number }
  | { readonly type: 'turn' }
  | { readonly type: 'wait' }
  | { readonly type: 'flush' }
  | { readonly type: 'checkpoint' }
  | { readonly type: 'newEpoch' }
  | { readonly type: 'truncate'; readonly back: number }
  | { readonly type: 'restart' }
  | { readonly type: 'kill' }
  | { readonly type: 'crash' }
  | { readonly type: 'read'; readonly at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      type: fc.constant('append' as const),
      count: fc.integer({ min: 1, max: 4 }),
      valueBytes: fc.integer({ min: 0, max: 900 }),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ type: 'turn' as const }) },
  { weight: 2, arbitrary: fc.constant({ type: 'wait' as const }) },
  { weight: 2, arbitrary: fc.constant({ type: 'flush' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'checkpoint' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'newEpoch' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('truncate' as const), back: fc.integer({ min: 0, max: 30 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ type: 'kill' as const }) },
  { weight: 2, arbitrary: fc.constant({ type: 'crash' as const }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('read' as const), at: fc.nat() }) },
);

const config: Partial<LogConfig> = { segmentBytes: 2500, indexIntervalBytes: 200 };

const lastTimestamp = ({ timestamp, baseOffset, lastOffset }: ModelBatch): number =>
  timestamp + lastOffset - baseOffset;

/** A log and a plain list that must agree, over a disk that forgets. */
class Trial {
  readonly clock = new VirtualClock();
  readonly random;
  files: SimFiles;
  environment: TestEnvironment;
  log!: Log;
  batches: ModelBatch[] = [];
  recoveryPoint = 0;
  leaderEpoch = 0;
  fill = 0;

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
    const opened = openLog(this.environment, { configChange: config, recoveryPoint, cleanShutdown });
    this.log = (await this.clock.settle(opened)).log;
  }

  async run(action: Step): Promise<void> {
    switch (action.type) {
      case 'append':
        return this.append(action.count, action.valueBytes);
      case 'turn':
        return this.clock.pass(0.5);
      case 'wait':
        return this.clock.run(() => this.log.logEndOffset === this.log.appendedEndOffset);
      case 'flush':
        return this.clock.settle(this.log.flush());
      case 'checkpoint':
        this.recoveryPoint = await this.clock.settle(this.log.prepareCheckpoint());
        return;
      case 'newEpoch':
        this.leaderEpoch += 1;
        return;
      case 'truncate':
        return this.truncate(Math.max(0, this.log.appendedEndOffset - action.back));
      case 'restart':
        return this.restart();
      case 'kill':
        return this.lose(this.files.kill(), this.log.logEndOffset);
      case 'crash':
        return this.lose(this.files.crash(), this.log.flushedEndOffset);
      case 'read':
        return this.read(action.at);
    }
  }

  append(count: number, valueBytes: number): void {
    this.fill = (this.fill + 1) % 251;
    const { leaderEpoch, fill } = this;
    const timestamp = 1_700_000_000_000 + this.random.int(1000);
    const batch = batchOf(count, { valueBytes, fill, timestamp });
    const { baseOffset, lastOffset } = this.log.append(batch, { leaderEpoch });
    expect(baseOffset).toBe(this.endOffset);
    this.batches.push({ baseOffset, lastOffset, leaderEpoch, fill, timestamp });
  }

  async truncate(offset: number): Promise<void> {
    await this.clock.settle(this.log.truncateTo(offset));
    this.batches = this.batches.filter((batch) => batch.lastOffset < offset);
    expect(this.log.appendedEndOffset).toBe(this.endOffset);
    this.recoveryPoint = Math.min(this.recoveryPoint, this.endOffset);
    await this.verify();
  }

  async restart(): Promise<void> {
    await this.clock.settle(this.log.close());
    await this.clock.settle(this.environment.handles.close());
    expect(this.environment.memory.pool.freeBytes).toBe(this.environment.memory.pool.totalBytes);
    this.environment = this.#environment();
    await this.open(true);
    await this.verify();
  }

  /** The process ends; of what it had, everything below `keptEndOffset` must come back, and nothing that was never appended. */
  async lose(survivor: SimFiles, keptEndOffset: number): Promise<void> {
    this.files = survivor;
    this.environment = this.#environment();
    await this.open(false);
    expect(this.log.logEndOffset).toBeGreaterThanOrEqual(keptEndOffset);
    expect(this.log.logEndOffset).toBeLessThanOrEqual(this.endOffset);
    this.batches = this.batches.filter((batch) => batch.lastOffset < this.log.logEndOffset);
    expect(this.log.logEndOffset).toBe(this.endOffset);
    expect(this.log.flushedEndOffset).toBe(this.endOffset);
    this.leaderEpoch += 1;
    await this.verify();
  }

  async read(at: number): Promise<void> {
    const { logEndOffset } = this.log;
    if (logEndOffset === 0) return;
    const from = at % logEndOffset;
    const found = await this.clock.settle(readAll(this.log, from, 1500));
    this.compare(
      found,
      this.batches.filter((batch) => batch.lastOffset >= from && batch.baseOffset < logEndOffset),
    );
  }

  /** The whole log, and its epochs, against the model. */
  async verify(): Promise<void> {
    await this.clock.run(() => this.log.logEndOffset === this.log.appendedEndOffset);
    this.compare(await this.clock.settle(readAll(this.log)), this.batches);
    for (const batch of this.batches) expect(this.log.epochForOffset(batch.baseOffset)).toBe(batch.leaderEpoch);
    const newest = this.batches.at(-1);
    if (newest !== undefined) expect(this.log.latestLeaderEpoch).toBe(newest.leaderEpoch);
    await this.search(1_700_000_000_000 + this.random.int(1003));
    await this.search(Math.max(0, ...this.batches.map(lastTimestamp)));
  }

  /** Whatever the index files say, the first record of that time or later is found. */
  async search(timestampMs: number): Promise<void> {
    const batch = this.batches.find((each) => lastTimestamp(each) >= timestampMs);
    const found = await this.clock.settle(this.log.offsetForTimestamp(timestampMs));
    expect(found?.offset).toBe(batch && batch.baseOffset + Math.max(0, timestampMs - batch.timestamp));
  }

  compare(found: readonly RecordBatch[], expected: readonly ModelBatch[]): void {
    const seen = found.map((batch) => {
      const [record] = [...batch.records(batch.payload)];
      const fill = record?.value?.[0] ?? -1;
      return { baseOffset: batch.baseOffset, lastOffset: batch.lastOffset, leaderEpoch: batch.leaderEpoch, fill };
    });
    const withoutEmpty = ({ timestamp: _, ...batch }: ModelBatch, index: number) =>
      seen[index]?.fill === -1 ? { ...batch, fill: -1 } : batch;
    expect(seen).toEqual(expected.map(withoutEmpty));
  }

  get endOffset(): number {
    return (this.batches.at(-1)?.lastOffset ?? -1) + 1;
  }
}

async function runTrial(seed: number, steps: readonly Step[]): Promise<void> {
  const trial = new Trial(seed);
  await trial.open(true);
  for (const each of steps) await trial.run(each);
  await trial.lose(trial.files.crash(), trial.log.flushedEndOffset);
  await trial.restart();
}

describe('a log on a disk that forgets', () => {
  test('keeps what was flushed over a crash, what was written over a kill, and never shows what was not appended', async () => {
    await fc.assert(fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 5, maxLength: 80 }), runTrial), {
      numRuns: Number(process.env['KS_STORAGE_RUNS'] ?? 150),
      endOnFailure: false,
    });
  });
});
