import { describe, expect, test } from 'vitest';
import { type KeyedRecord, keyedBatch, START_MS } from '../../tests/storage/cleaning-fixture.ts';
import { readEverything } from '../../tests/storage/cleaning-reader.ts';
import { TOPIC_ID, type TestEnvironment, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';
import type { CleanerMetrics } from './cleaner-metrics.ts';
import { CleanerScheduler, type CleanerSettings, defaultCleanerSettings } from './cleaner-scheduler.ts';
import type { Log } from './log.ts';
import { defaultLogConfig, type LogConfig } from './log-config.ts';
import { LogDirectory } from './log-directory.ts';

const BACKOFF_MS = 1000;
const compacted: LogConfig = {
  ...defaultLogConfig,
  segmentBytes: 1000,
  cleanupPolicy: { delete: false, compact: true },
  minCleanableDirtyRatio: 0.3,
};

class Stage {
  readonly clock = new VirtualClock();
  readonly configs = new Map<string, LogConfig>();
  readonly looks: { uncleanable: number; maxDirtyRatio: number }[] = [];
  readonly cleaned: string[] = [];
  settings: CleanerSettings = { ...defaultCleanerSettings, backoffMs: BACKOFF_MS };
  files = new SimFiles({ clock: this.clock, random: createPrng(1) });
  environment: TestEnvironment = this.#environment();
  directory!: LogDirectory;
  cleaner!: CleanerScheduler;

  #environment(): TestEnvironment {
    return testEnvironment({ files: this.files, clock: this.clock, tailBudgetBytes: 65_536 });
  }

  async start(): Promise<void> {
    this.environment = this.#environment();
    this.directory = await this.clock.settle(
      LogDirectory.acquire({
        path: '/data',
        environment: this.environment,
        configOf: (topic) => this.configs.get(topic) ?? compacted,
        hooks: { advanced: () => undefined, failed: () => undefined, offline: () => undefined },
      }),
    );
    await this.clock.settle(this.directory.identify({ clusterId: 'c', nodeId: 1 }));
    await this.clock.settle(this.directory.loadLogs());
    const metrics: CleanerMetrics = {
      cleaned: () => undefined,
      looked: (state) => void this.looks.push({ ...state }),
    };
    const { clock } = this;
    this.cleaner = new CleanerScheduler({
      ...{ clock, metrics, logger: this.environment.logger },
      settings: () => this.settings,
      stableOffsetOf: (log) => log.logEndOffset,
    });
    this.cleaner.start([this.directory]);
  }

  async stop(): Promise<void> {
    await this.clock.settle(this.cleaner.stop());
    await this.clock.settle(this.directory.close(1));
    await this.clock.settle(this.environment.handles.close());
  }

  create(topic: string): Promise<Log> {
    return this.clock.settle(this.directory.createLog(topic, 0, TOPIC_ID));
  }

  /** `count` batches of one record each, over `keys` keys. */
  async fill(log: Log, count: number, keys: number, change: Partial<KeyedRecord> = {}): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      const record = { key: `k${index % keys}`, value: `v${index}`.padEnd(60), timestamp: START_MS, ...change };
      log.append(await keyedBatch([record]), { leaderEpoch: 0 });
    }
    await this.clock.settle(log.flush());
  }

  /** Lets the cleaner look at least once. */
  round(): Promise<void> {
    return this.clock.pass(BACKOFF_MS + 500);
  }

  /** What `cleaner-offset-checkpoint` says, as Kafka writes it. */
  async checkpoint(): Promise<string> {
    return new TextDecoder().decode(await this.clock.settle(this.files.readFile('/data/cleaner-offset-checkpoint')));
  }

  async countOf(log: Log): Promise<number> {
    return (await this.clock.settle(readEverything(log))).length;
  }
}

describe('the cleaner', () => {
  test('compacts what is dirty enough and leaves alone what is not, or must not be', async () => {
    const stage = new Stage();
    stage.configs.set('deleted', { ...compacted, cleanupPolicy: { delete: true, compact: false } });
    stage.configs.set('kept', { ...compacted, cleanupPolicy: { delete: false, compact: false } });
    await stage.start();
    const logs = new Map<string, Log>();
    for (const topic of ['compacted', 'deleted', 'kept']) {
      const log = await stage.create(topic);
      await stage.fill(log, 60, 3);
      logs.set(topic, log);
    }
    await stage.round();
    const counts = [];
    for (const log of logs.values()) counts.push(await stage.countOf(log));
    expect(counts).toEqual([expect.any(Number), 60, 60]);
    expect(counts[0]).toBeLessThan(15);
    const cleanedOffset = logs.get('compacted')?.cleaning.cleanedOffset ?? 0;
    expect(await stage.checkpoint()).toBe(`0\n1\ncompacted 0 ${cleanedOffset}\n`);
    // A little more is not dirty enough; a lot more is.
    const log = logs.get('compacted') as Log;
    stage.configs.set('compacted', { ...compacted, minCleanableDirtyRatio: 0.9 });
    log.updateConfig({ ...compacted, minCleanableDirtyRatio: 0.9 });
    await stage.fill(log, 15, 3);
    await stage.round();
    expect(log.cleaning.cleanedOffset).toBe(cleanedOffset);
    log.updateConfig(compacted);
    await stage.round();
    expect(log.cleaning.cleanedOffset).toBeGreaterThan(cleanedOffset);
    await stage.stop();
  });

  test('goes on after a restart where it was, and from the start of a topic that was made anew', async () => {
    const stage = new Stage();
    await stage.start();
    await stage.fill(await stage.create('t'), 40, 3);
    await stage.round();
    const cleanedOffset = stage.directory.log('t', 0)?.cleaning.cleanedOffset ?? 0;
    expect(cleanedOffset).toBeGreaterThan(20);
    await stage.stop();
    await stage.start();
    const log = stage.directory.log('t', 0) as Log;
    expect(log.cleaning.firstDirtyOffset).toBe(cleanedOffset);
    await stage.clock.settle(stage.directory.deleteLog(log));
    const anew = await stage.create('t');
    expect(anew.cleaning.firstDirtyOffset).toBe(0);
    expect(await stage.checkpoint()).toBe('0\n0\n');
    await stage.stop();
  });

  test('does not trust a checkpoint that says more than the log does', async () => {
    const stage = new Stage();
    await stage.start();
    const log = await stage.create('t');
    await stage.fill(log, 40, 3);
    await stage.round();
    await stage.clock.settle(log.truncateTo(10));
    expect(log.cleaning.firstDirtyOffset).toBeLessThanOrEqual(10);
    expect(await stage.checkpoint()).toBe(`0\n1\nt 0 ${log.cleaning.cleanedOffset}\n`);
    await stage.fill(log, 30, 3);
    await stage.round();
    const { cleanedOffset } = log.cleaning;
    expect(cleanedOffset).toBeGreaterThan(25);
    // All but the checkpoint is lost.
    await stage.stop();
    for (const { name } of await stage.clock.settle(stage.files.list('/data/t-0'))) {
      if (/^\d/.test(name)) await stage.clock.settle(stage.files.remove(`/data/t-0/${name}`));
    }
    await stage.start();
    expect(stage.directory.log('t', 0)?.cleaning.firstDirtyOffset).toBe(0);
    expect(await stage.checkpoint()).toBe('0\n1\nt 0 0\n');
    await stage.stop();
  });

  test('takes overdue records whatever the ratio, and none that are too young', async () => {
    const stage = new Stage();
    stage.configs.set('overdue', { ...compacted, minCleanableDirtyRatio: 1, maxCompactionLagMs: 60_000 });
    stage.configs.set('young', { ...compacted, minCleanableDirtyRatio: 0, minCompactionLagMs: 60_000 });
    await stage.start();
    const [overdue, young] = [await stage.create('overdue'), await stage.create('young')];
    await stage.fill(overdue, 40, 3, { timestamp: stage.clock.wallMs() });
    await stage.fill(young, 40, 3, { timestamp: stage.clock.wallMs() });
    await stage.round();
    expect([overdue.cleaning.cleanedOffset, young.cleaning.cleanedOffset]).toEqual([0, 0]);
    await stage.clock.pass(61_000);
    expect(overdue.cleaning.cleanedOffset).toBeGreaterThan(20);
    expect(young.cleaning.cleanedOffset).toBeGreaterThan(20);
    await stage.stop();
  });

  test('sets a damaged log aside with one line, and goes on with the others', async () => {
    const stage = new Stage();
    await stage.start();
    const [bad, good] = [await stage.create('bad'), await stage.create('good')];
    await stage.fill(bad, 60, 3);
    await stage.fill(good, 40, 3);
    const file = await stage.clock.settle(stage.files.open('/data/bad-0/00000000000000000000.log', 'read-write'));
    await stage.clock.settle(file.write([Uint8Array.of(0xff)], 130));
    await stage.clock.pass(20 * BACKOFF_MS);
    expect(good.cleaning.cleanedOffset).toBeGreaterThan(20);
    expect([...stage.cleaner.uncleanable.keys()]).toEqual([bad]);
    const lines = stage.environment.logger.lines.filter((line) => line.includes('cannot be compacted'));
    expect(lines).toHaveLength(1);
    expect(bad.isFailed).toBe(false);
    expect(stage.looks.at(-1)).toMatchObject({ uncleanable: 1 });
    const names = (await stage.clock.settle(stage.files.list('/data/bad-0'))).map(({ name }) => name);
    expect(names.filter((name) => /cleaned|swap/.test(name))).toEqual([]);
    await stage.clock.settle(file.close());
    await stage.stop();
  });

  test('waits while the disk is full, and serves on', async () => {
    const stage = new Stage();
    await stage.start();
    const log = await stage.create('t');
    await stage.fill(log, 60, 30);
    stage.files.faults.spaceBytes = 10;
    await stage.clock.pass(5 * BACKOFF_MS);
    expect(log.cleaning.cleanedOffset).toBe(0);
    expect(log.isFailed).toBe(false);
    expect(await stage.countOf(log)).toBe(60);
    delete stage.files.faults.spaceBytes;
    await stage.clock.pass(3 * BACKOFF_MS);
    expect(log.cleaning.cleanedOffset).toBeGreaterThan(20);
    await stage.stop();
  });

  test('takes a disk that cannot be read for a failed one', async () => {
    const stage = new Stage();
    await stage.start();
    const log = await stage.create('t');
    await stage.fill(log, 60, 3);
    stage.files.faults.read = (path) => (path.endsWith('00000000000000000000.log') ? 'io' : undefined);
    await stage.round();
    expect(log.isFailed).toBe(true);
    expect(stage.directory.isOffline).toBe(true);
  });

  test('lets go of a log that is cut, deleted or closed while it is compacted', async () => {
    for (const end of ['cut', 'delete', 'stop'] as const) {
      const stage = new Stage();
      stage.settings = { ...stage.settings, ioMaxBytesPerSecond: 2000 };
      await stage.start();
      const log = await stage.create('t');
      await stage.fill(log, 60, 3);
      await stage.round();
      const names = (await stage.clock.settle(stage.files.list('/data/t-0'))).map(({ name }) => name);
      expect(log.cleaning.cleanedOffset, 'still at it').toBe(0);
      if (end === 'cut') {
        await stage.clock.settle(log.truncateTo(50));
        expect(await stage.countOf(log)).toBe(50);
      }
      if (end === 'delete') await stage.clock.settle(stage.directory.deleteLog(log));
      await stage.stop();
      expect(names.length).toBeGreaterThan(3);
    }
  });

  test('keeps to log.cleaner.io.max.bytes.per.second, as it changes', async () => {
    const stage = new Stage();
    stage.settings = { ...stage.settings, ioMaxBytesPerSecond: 100 };
    await stage.start();
    const log = await stage.create('t');
    await stage.fill(log, 60, 3);
    // Some 8,000 bytes are read twice: 160 seconds at this rate.
    await stage.clock.pass(60_000);
    expect(log.cleaning.cleanedOffset).toBe(0);
    await stage.clock.pass(400_000);
    expect(log.cleaning.cleanedOffset).toBeGreaterThan(20);
    await stage.stop();
  });

  test('runs as many at a time as there are threads, also after that was changed', async () => {
    const stage = new Stage();
    stage.settings = { ...stage.settings, threads: 0 };
    await stage.start();
    const logs = [];
    for (const topic of ['a', 'b', 'c']) {
      const log = await stage.create(topic);
      await stage.fill(log, 60, 3);
      logs.push(log);
    }
    await stage.round();
    expect(logs.map((log) => log.cleaning.cleanedOffset)).toEqual([0, 0, 0]);
    stage.settings = { ...stage.settings, threads: 3 };
    await stage.clock.pass(5 * BACKOFF_MS);
    for (const log of logs) expect(log.cleaning.cleanedOffset).toBeGreaterThan(20);
    await stage.stop();
  });
});
