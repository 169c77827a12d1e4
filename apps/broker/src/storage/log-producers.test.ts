import { encodeEndTransactionMarker, encodePlainRecordBatch, type RecordBatch } from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checksum, openLog, readAll, type TestEnvironment, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';
import type { Log } from './log.ts';
import { producerBatchAt } from './producer-batch.ts';
import type { ProducerEntry } from './producer-entry.ts';
import { ProducerState } from './producer-state.ts';

/** What the log is given: who appended it, or whose transaction it ends. */
interface Appended {
  readonly bytes: Uint8Array;
  readonly baseOffset: number;
  readonly lastOffset: number;
}

type Step =
  | {
      readonly type: 'data';
      readonly producerId: number;
      readonly isTransactional: boolean;
      readonly valueBytes: number;
    }
  | { readonly type: 'marker'; readonly producerId: number; readonly committed: boolean }
  | { readonly type: 'truncate'; readonly back: number }
  | { readonly type: 'turn' | 'flush' | 'commit' | 'checkpoint' | 'restart' | 'kill' | 'crash' | 'retain' };

const producerId = fc.integer({ min: -1, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      type: fc.constant('data' as const),
      producerId,
      isTransactional: fc.boolean(),
      valueBytes: fc.integer({ min: 0, max: 900 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('marker' as const), producerId: fc.nat(3), committed: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('truncate' as const), back: fc.nat(30) }) },
  {
    weight: 8,
    arbitrary: fc
      .constantFrom('turn', 'turn', 'flush', 'commit', 'commit', 'checkpoint', 'restart', 'kill', 'crash', 'retain')
      .map((type) => ({ type }) as Step),
  },
);

/** A log whose producers must be those of the batches it has taken, over a disk that forgets. */
class Trial {
  readonly clock = new VirtualClock();
  readonly random;
  files: SimFiles;
  environment: TestEnvironment;
  log!: Log;
  appended: Appended[] = [];
  sequences = new Map<number, number>();
  open = new Set<number>();
  recoveryPoint = 0;
  highWatermark = 0;

  constructor(seed: number) {
    this.random = createPrng(seed);
    this.files = new SimFiles({ clock: this.clock, random: this.random });
    this.environment = this.#environment();
  }

  #environment(): TestEnvironment {
    return testEnvironment({ files: this.files, clock: this.clock, tailBudgetBytes: 16_384 });
  }

  get endOffset(): number {
    return (this.appended.at(-1)?.lastOffset ?? -1) + 1;
  }

  async start(cleanShutdown: boolean, logStartOffset = 0): Promise<void> {
    const configChange = { segmentBytes: 2500, indexIntervalBytes: 200, retentionBytes: 6000 };
    const { recoveryPoint } = this;
    const { highWatermark } = this;
    const options = { configChange, recoveryPoint, cleanShutdown, logStartOffset, highWatermark };
    this.log = (await this.clock.settle(openLog(this.environment, options))).log;
    this.log.producers.highWatermarkReached(highWatermark);
  }

  async run(action: Step): Promise<void> {
    switch (action.type) {
      case 'data':
        return this.append(this.#data(action));
      case 'marker':
        return this.append(this.#marker(action));
      case 'turn':
        return this.clock.pass(0.5);
      case 'flush':
        return this.clock.settle(this.log.flush());
      case 'checkpoint':
        this.recoveryPoint = await this.clock.settle(this.log.prepareCheckpoint());
        return;
      case 'commit':
        return this.commit(this.highWatermark + this.random.int(this.endOffset - this.highWatermark + 1));
      case 'retain':
        // Only what is committed is ever deleted.
        this.commit(this.endOffset);
        await this.clock.settle(this.log.deleteOldSegments(this.clock.wallMs()));
        return this.verify();
      case 'truncate':
        return this.truncate(Math.max(this.log.logStartOffset, this.endOffset - action.back));
      case 'restart':
        return this.restart();
      case 'kill':
        return this.lose(this.files.kill());
      case 'crash':
        return this.lose(this.files.crash());
    }
  }

  commit(highWatermark: number): void {
    this.highWatermark = highWatermark;
    this.log.producers.highWatermarkReached(highWatermark);
    this.compare();
  }

  #data({ producerId: id, isTransactional, valueBytes }: Extract<Step, { type: 'data' }>): Uint8Array {
    const records = [{ timestamp: 1_700_000_000_000, value: new Uint8Array(valueBytes) }];
    if (id < 0) return encodePlainRecordBatch(records, { checksum });
    const baseSequence = this.sequences.get(id) ?? 0;
    this.sequences.set(id, baseSequence + 1);
    const isOpen = this.open.has(id);
    if (isTransactional) this.open.add(id);
    const producer = { producerId: id, producerEpoch: 0, baseSequence, isTransactional: isTransactional || isOpen };
    return encodePlainRecordBatch(records, { checksum, ...producer });
  }

  #marker({ producerId: id, committed }: Extract<Step, { type: 'marker' }>): Uint8Array {
    this.open.delete(id);
    const times = { coordinatorEpoch: 3, timestampMs: 1_700_000_000_001 };
    return encodeEndTransactionMarker({ producerId: id, producerEpoch: 0, committed, ...times }, checksum);
  }

  append(bytes: Uint8Array): void {
    const { baseOffset, lastOffset } = this.log.append(bytes, { leaderEpoch: 0 });
    expect(baseOffset).toBe(this.endOffset);
    this.appended.push({ bytes, baseOffset, lastOffset });
    this.compare();
  }

  async truncate(offset: number): Promise<void> {
    await this.clock.settle(this.log.truncateTo(offset));
    this.forget(offset);
    this.recoveryPoint = Math.min(this.recoveryPoint, this.endOffset);
    await this.verify();
  }

  async restart(): Promise<void> {
    const { logStartOffset } = this.log;
    await this.clock.settle(this.log.close());
    await this.clock.settle(this.environment.handles.close());
    this.environment = this.#environment();
    await this.start(true, logStartOffset);
    await this.verify();
  }

  async lose(survivor: SimFiles): Promise<void> {
    const { logStartOffset } = this.log;
    this.files = survivor;
    this.environment = this.#environment();
    await this.start(false, logStartOffset);
    this.forget(this.log.logEndOffset);
    await this.verify();
  }

  /** What lies at or above `endOffset` is gone. */
  forget(endOffset: number): void {
    this.appended = this.appended.filter((each) => each.lastOffset < endOffset);
    this.highWatermark = Math.min(this.highWatermark, this.endOffset);
    const { state } = this.expected();
    this.sequences = new Map();
    this.open = new Set();
    for (const { producerId: id, batches, transactionFirstOffset } of state.entries) {
      this.sequences.set(id, (batches.at(-1)?.lastSequence ?? -1) + 1);
      if (transactionFirstOffset !== undefined) this.open.add(id);
    }
  }

  async verify(): Promise<void> {
    await this.clock.run(() => this.log.logEndOffset === this.log.appendedEndOffset);
    const batches: RecordBatch[] = await this.clock.settle(readAll(this.log));
    expect(batches.at(-1)?.lastOffset ?? this.endOffset - 1).toBe(this.endOffset - 1);
    this.compare();
  }

  expected() {
    const state = new ProducerState();
    const aborted: { producerId: number; firstOffset: number; lastOffset: number }[] = [];
    for (const { bytes, baseOffset } of this.appended) {
      const batch = producerBatchAt(bytes, 0);
      const completed = batch === undefined ? undefined : state.appended(batch, baseOffset, 0);
      if (completed?.isAborted) aborted.push(completed);
    }
    return { state, aborted };
  }

  /** The log's producers, and what it says of aborted transactions, against a fresh reading of what it was given. */
  compare(): void {
    const { state, aborted } = this.expected();
    const { producers, logStartOffset } = this.log;
    expect(sorted(producers.entries)).toEqual(sorted(state.entries));
    // Markers that are not committed are known over restarts, deaths and truncations.
    state.highWatermarkReached(this.highWatermark);
    expect(producers.firstUnstableOffset).toBe(state.firstUnstableOffset);
    const kept = aborted.filter(({ lastOffset }) => lastOffset >= logStartOffset);
    for (const [from, upTo] of [[logStartOffset, this.endOffset] as const, this.#range()]) {
      const wanted = kept.filter((each) => each.firstOffset < upTo && each.lastOffset >= from);
      expect(named(producers.abortedTransactions(from, upTo))).toEqual(named(wanted));
    }
  }

  #range(): readonly [number, number] {
    const { logStartOffset } = this.log;
    const from = logStartOffset + this.random.int(Math.max(1, this.endOffset - logStartOffset));
    return [from, Math.min(this.endOffset, from + 1 + this.random.int(10))];
  }
}

function sorted(entries: Iterable<ProducerEntry>): object[] {
  return [...entries]
    .sort((a, b) => a.producerId - b.producerId)
    .map(({ producerId: id, producerEpoch, coordinatorEpoch, transactionFirstOffset, batches }) => {
      const known = batches.map(({ lastSequence, lastOffset, offsetDelta }) => [lastSequence, lastOffset, offsetDelta]);
      return { id, producerEpoch, coordinatorEpoch, transactionFirstOffset, known };
    });
}

function named(transactions: readonly { producerId: number; firstOffset: number; lastOffset: number }[]): object[] {
  return transactions.map(({ producerId: id, firstOffset, lastOffset }) => ({ id, firstOffset, lastOffset }));
}

/** A step of a single producer, by the name that the test below gives it. */
function stepOf(name: string): Step {
  if (name === 'm') return { type: 'marker', producerId: 0, committed: false };
  if (/^t\d/.test(name)) return { type: 'truncate', back: Number(name.slice(1)) };
  if (/^\d/.test(name)) return { type: 'data', producerId: 0, isTransactional: false, valueBytes: Number(name) };
  return { type: name } as Step;
}

describe("a log's producers", () => {
  test('are remembered where a log is cut behind the start that retention gave it, its snapshots lost in a crash', async () => {
    // One producer; found by the property below. A number is a batch of so many bytes, m a marker, t a truncation by so many offsets.
    const found =
      '809 590 892 500 checkpoint 899 496 retain 0 crash 331 627 895 m 0 m 0 m 430 retain turn 0 0 turn m turn t11 turn t1';
    const trial = new Trial(457746218);
    await trial.start(true);
    for (const each of found.split(' ')) await trial.run(stepOf(each));
  });

  test('are those of its batches over restarts, crashes, truncations and retention', async () => {
    const steps = fc.array(step, { minLength: 10, maxLength: 80, size: 'max' });
    const property = fc.asyncProperty(fc.integer(), steps, async (seed, actions) => {
      const trial = new Trial(seed);
      await trial.start(true);
      for (const each of actions) await trial.run(each);
      await trial.lose(trial.files.crash());
      await trial.restart();
    });
    await fc.assert(property, {
      numRuns: Number(process.env['KS_STORAGE_RUNS'] ?? 60),
      endOnFailure: false,
    });
  });
});
