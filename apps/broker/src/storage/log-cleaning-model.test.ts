import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CleaningModel, type ModelRecord } from '../../tests/storage/cleaning-model.ts';
import { clean, type KeyedRecord, keyedBatch, marker, startCleaning } from '../../tests/storage/cleaning-fixture.ts';
import {
  batchesOf,
  DIRECTORY,
  openLog,
  type TestEnvironment,
  testEnvironment,
} from '../../tests/storage/log-fixture.ts';
import { readCommitted, readEverything } from '../../tests/storage/cleaning-reader.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';
import type { Log } from './log.ts';
import type { LogConfig } from './log-config.ts';

const DELETE_RETENTION_MS = 1000;
const config: Partial<LogConfig> = {
  segmentBytes: 1500,
  indexIntervalBytes: 150,
  cleanupPolicy: { delete: false, compact: true },
  deleteRetentionMs: DELETE_RETENTION_MS,
  fileDeleteDelayMs: 500,
  producerIdExpirationMs: Number.MAX_SAFE_INTEGER,
};
const compressions = ['none', 'none', 'lz4', 'snappy', 'gzip'] as const;

const record = fc.record({ key: fc.integer({ min: 0, max: 5 }), isTombstone: fc.boolean(), ageMs: fc.nat(50) });
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('append' as const),
      records: fc.array(record, { minLength: 1, maxLength: 4 }),
      compression: fc.constantFrom(...compressions),
      /** 0 none, 1 and 2 idempotent, 3 to 5 transactional. */
      producer: fc.integer({ min: 0, max: 5 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('end' as const),
      producer: fc.integer({ min: 3, max: 5 }),
      commit: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('clean' as const),
      mapEntries: fc.constantFrom(3, 1000),
      /** Less than a header, less than a batch, more than most. */
      bufferBytes: fc.constantFrom(40, 150, 4096),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.constantFrom(1, 600, 1100) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('restart' as const), forgets: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('crash' as const), forgets: fc.boolean() }) },
  /** The power goes so many virtual milliseconds after a cleaning has begun. */
  { weight: 2, arbitrary: fc.record({ type: fc.constant('crashCleaning' as const), afterMs: fc.nat(120) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('truncate' as const), back: fc.nat(6) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Trial {
  readonly clock = new VirtualClock();
  readonly model = new CleaningModel(DELETE_RETENTION_MS);
  files: SimFiles;
  environment: TestEnvironment;
  log!: Log;
  cleanedOffset = 0;
  /** Below it a cleaning may have removed what later records made needless: those must not be cut off. */
  touchedOffset = 0;
  #count = 0;

  constructor(seed: number) {
    this.files = new SimFiles({ clock: this.clock, random: createPrng(seed) });
    this.environment = this.#environment();
  }

  #environment(): TestEnvironment {
    return testEnvironment({ files: this.files, clock: this.clock, tailBudgetBytes: 16_384 });
  }

  async open(cleanShutdown: boolean): Promise<void> {
    const { cleanedOffset } = this;
    const opened = openLog(this.environment, { configChange: config, recoveryPoint: 0, cleanShutdown, cleanedOffset });
    this.log = (await this.clock.settle(opened)).log;
  }

  async run(action: Step): Promise<void> {
    switch (action.type) {
      case 'append':
        return this.append(action);
      case 'end':
        return this.end(action.producer, action.commit);
      case 'clean':
        return this.clean(action.mapEntries, action.bufferBytes);
      case 'pass':
        return this.clock.pass(action.ms);
      case 'restart':
        await this.clock.settle(this.log.close());
        await this.clock.settle(this.environment.handles.close());
        return this.reopen(true, action.forgets);
      case 'crash':
        await this.clock.settle(this.log.flush());
        this.files = this.files.crash();
        return this.reopen(false, action.forgets);
      case 'crashCleaning':
        return this.crashCleaning(action.afterMs);
      case 'truncate':
        return this.truncate(Math.max(this.touchedOffset, this.log.appendedEndOffset - action.back));
    }
  }

  async append({ records, compression, producer }: Extract<Step, { type: 'append' }>): Promise<void> {
    const nowMs = this.clock.wallMs();
    const keyed: KeyedRecord[] = records.map(({ key, isTombstone, ageMs }) => {
      this.#count += 1;
      const value = isTombstone ? null : `value ${this.#count} ${'x'.repeat(this.#count % 90)}`;
      return { key: `k${key}`, value, timestamp: nowMs - ageMs };
    });
    const sequence = this.model.nextSequence(producer);
    const options = producer === 0 ? {} : { producerId: producer, producerEpoch: 0, baseSequence: sequence };
    const batch = await keyedBatch(keyed, { compression, isTransactional: producer >= 3, ...options });
    const { baseOffset } = this.log.append(batch, { leaderEpoch: 0 });
    this.model.appended(baseOffset, keyed as readonly ModelRecord[], producer);
  }

  end(producer: number, commit: boolean): void {
    const batch = marker(producer, commit, 0, this.clock.wallMs());
    const { baseOffset } = this.log.append(batch, { leaderEpoch: 0 });
    this.model.ended(baseOffset, producer, commit);
  }

  async clean(mapEntries: number, bufferBytes: number): Promise<void> {
    const nowMs = this.clock.wallMs();
    this.touchedOffset = this.log.appendedEndOffset;
    const result = await clean(this.environment, this.log, {
      mapBytes: Math.ceil((mapEntries + 1) / 0.9) * 24,
      readBuffer: new Uint8Array(bufferBytes),
      writeBuffer: new Uint8Array(bufferBytes),
    });
    if (result === undefined) return;
    expect(result.cleanedOffset).toBeGreaterThan(this.cleanedOffset);
    this.cleanedOffset = result.cleanedOffset;
    this.model.cleaned(this.cleanedOffset, nowMs, this.clock.wallMs());
    await this.verify();
  }

  async crashCleaning(afterMs: number): Promise<void> {
    const nowMs = this.clock.wallMs();
    this.touchedOffset = this.log.appendedEndOffset;
    const cleaning = await startCleaning(this.environment, this.log);
    cleaning?.result.catch(() => undefined);
    await this.clock.pass(afterMs);
    this.model.maybeCleaned(nowMs, this.clock.wallMs());
    this.files = this.files.crash();
    await this.reopen(false, false);
  }

  async truncate(offset: number): Promise<void> {
    await this.clock.settle(this.log.truncateTo(offset));
    this.model.truncatedTo(this.log.appendedEndOffset);
    await this.verify();
  }

  async reopen(cleanShutdown: boolean, forgetsProducers: boolean): Promise<void> {
    this.environment = this.#environment();
    if (forgetsProducers) await this.#removeProducerFiles();
    await this.open(cleanShutdown && !forgetsProducers);
    await this.verify();
    for (const [producerId, known] of this.model.producers()) {
      const entry = [...this.log.producers.entries].find((each) => each.producerId === producerId);
      expect({ producerId, sequence: entry?.batches.at(-1)?.lastSequence ?? -1 }).toEqual({
        producerId,
        sequence: known.lastSequence,
      });
      expect(entry?.transactionFirstOffset).toBe(known.transactionFirstOffset);
    }
  }

  async #removeProducerFiles(): Promise<void> {
    const names = (await this.clock.settle(this.files.list(DIRECTORY))).map(({ name }) => name);
    for (const name of names) {
      if (/\.(snapshot|txnindex)$/.test(name)) await this.clock.settle(this.files.remove(`${DIRECTORY}/${name}`));
    }
  }

  async verify(): Promise<void> {
    const { clock, log, model } = this;
    await clock.run(() => log.logEndOffset === log.appendedEndOffset);
    expect(log.logEndOffset).toBe(model.endOffset);
    const everything = await clock.settle(readEverything(log));
    const committed = await clock.settle(readCommitted(log));
    model.checkRecords(everything);
    model.checkCommitted(committed);
    model.checkCleaned(everything, this.cleanedOffset);
    const asked = everything.filter((_, index) => index % 5 === 0);
    for (const { offset, timestamp } of asked) {
      const [first] = await clock.settle(batchesOf(log.read(offset, 1, log.logEndOffset, { minOneBatch: true })));
      expect(first?.lastOffset).toBeGreaterThanOrEqual(offset);
      expect(first?.baseOffset).toBeLessThanOrEqual(offset);
      const found = await clock.settle(log.offsetForTimestamp(timestamp));
      const expected = everything.find((each) => each.timestamp >= timestamp);
      expect(found?.offset).toBe(expected?.offset);
    }
    const greatest = Math.max(-1, ...everything.map(({ timestamp }) => timestamp));
    const max = await clock.settle(log.offsetOfMaxTimestamp());
    expect(max?.timestampMs ?? -1).toBe(greatest);
    await clock.settle(expectContiguous(log));
  }
}

/** Reading from any offset leads on to the log's end, and begins with a record wherever there is one. */
async function expectContiguous(log: Log): Promise<void> {
  for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
    const batches = await batchesOf(log.read(offset, 1, log.logEndOffset, { minOneBatch: true }));
    const next = batches.at(-1)?.nextOffset ?? offset;
    const isEmpty = batches[0]?.recordsCount === 0;
    if (isEmpty) expect((await readEverything(log)).filter((record) => record.offset >= offset)).toEqual([]);
    if (next <= offset) throw new Error(`nothing at ${offset}`);
    offset = next;
  }
}

async function runTrial(seed: number, steps: readonly Step[]): Promise<void> {
  const trial = new Trial(seed);
  await trial.open(true);
  for (const each of steps) await trial.run(each);
  await trial.run({ type: 'clean', mapEntries: 1000, bufferBytes: 4096 });
  await trial.run({ type: 'crash', forgets: true });
}

describe('a compacted log', () => {
  test('always says of each key what was said last, over cleanings, restarts and crashes', async () => {
    await fc.assert(fc.asyncProperty(fc.integer(), fc.array(step, { minLength: 10, maxLength: 90 }), runTrial), {
      numRuns: Number(process.env['KS_STORAGE_RUNS'] ?? 60),
      endOnFailure: false,
    });
  });
});
