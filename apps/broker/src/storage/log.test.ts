import { describe, expect, test } from 'vitest';
import { batchesOf, batchOf, DIRECTORY, openLog, readAll, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { releaseParts } from '../ports/wire-part.ts';

const SMALL = { segmentBytes: 1000, indexIntervalBytes: 100 };

describe('a log', () => {
  test('assigns offsets at once and moves its end when the write has returned', async () => {
    const environment = testEnvironment();
    const { log, events } = await openLog(environment);
    const batch = batchOf(3);
    expect(log.append(batch, { leaderEpoch: 5 })).toEqual({ baseOffset: 0, lastOffset: 2, logAppendTimeMs: -1 });
    expect(log.append(batch, { leaderEpoch: 5 }).baseOffset).toBe(3);
    expect([log.appendedEndOffset, log.logEndOffset, log.flushedEndOffset]).toEqual([6, 0, 0]);
    expect(log.unwrittenBytes).toBe(batch.length * 2);
    await environment.clock.run(() => log.logEndOffset === 6);
    expect(events.advanced).toBe(1);
    expect(log.flushedEndOffset).toBe(0);
    const batches = await batchesOf(log.read(0, 10_000, 6));
    expect(batches.map((each) => [each.baseOffset, each.lastOffset, each.leaderEpoch])).toEqual([
      [0, 2, 5],
      [3, 5, 5],
    ]);
    await environment.clock.settle(log.flush());
    expect(log.flushedEndOffset).toBe(6);
  });

  test('leaves the caller’s bytes alone', async () => {
    const environment = testEnvironment();
    const { log } = await openLog(environment, { configChange: { messageTimestampType: 'LogAppendTime' } });
    const batch = batchOf(3);
    const before = batch.slice();
    log.append(batch, { leaderEpoch: 5 });
    expect(batch).toEqual(before);
  });

  test('stamps the append time where the topic says so', async () => {
    const environment = testEnvironment();
    const { log } = await openLog(environment, { configChange: { messageTimestampType: 'LogAppendTime' } });
    const appended = log.append(batchOf(3, { timestamp: 5 }), { leaderEpoch: 0, nowMs: 1_700_000_000_123 });
    expect(appended.logAppendTimeMs).toBe(1_700_000_000_123);
    await environment.clock.run(() => log.logEndOffset === 3);
    const [batch] = await batchesOf(log.read(0, 10_000, 3));
    expect(batch?.isLogAppendTime).toBe(true);
    expect(batch?.maxTimestamp).toBe(1_700_000_000_123);
  });

  test('corrects a greatest timestamp that the header got wrong', async () => {
    const environment = testEnvironment();
    const { log } = await openLog(environment);
    log.append(batchOf(3, { timestamp: 100 }), { leaderEpoch: 0, maxTimestampMs: 90 });
    await environment.clock.run(() => log.logEndOffset === 3);
    const [batch] = await batchesOf(log.read(0, 10_000, 3));
    expect(batch?.maxTimestamp).toBe(90);
  });

  test('has no file but partition.metadata before its first record', async () => {
    const environment = testEnvironment();
    const { log } = await openLog(environment);
    log.assignLeaderEpoch(4);
    await environment.clock.settle(log.close());
    expect((await environment.files.list(DIRECTORY)).map((entry) => entry.name)).toEqual(['partition.metadata']);
    const text = new TextDecoder().decode(await environment.files.readFile(`${DIRECTORY}/partition.metadata`));
    expect(text).toBe('version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ\n');
  });

  test('reads whole batches only, the first one in any case where asked', async () => {
    const environment = testEnvironment();
    const { log } = await openLog(environment);
    const batch = batchOf(10);
    for (let index = 0; index < 5; index += 1) log.append(batch, { leaderEpoch: 0 });
    await environment.clock.run(() => log.logEndOffset === 50);
    const read = async (from: number, maxBytes: number, upTo: number, minOneBatch = false) =>
      (await batchesOf(log.read(from, maxBytes, upTo, { minOneBatch }))).map((each) => each.baseOffset);
    expect(await read(0, batch.length * 2 + 1, 50)).toEqual([0, 10]);
    expect(await read(13, batch.length * 2, 50)).toEqual([10, 20]);
    expect(await read(0, batch.length - 1, 50)).toEqual([]);
    expect(await read(0, batch.length - 1, 50, true)).toEqual([0]);
    expect(await read(0, 1e6, 29)).toEqual([0, 10]);
    expect(await read(0, 1e6, 30)).toEqual([0, 10, 20]);
    expect(await read(0, 1e6, 5, true)).toEqual([]);
    expect(await read(50, 1e6, 50, true)).toEqual([]);
    expect(await log.read(51, 1e6, 60)).toEqual({ type: 'out-of-range', logStartOffset: 0, endOffset: 50 });
    expect(await log.read(-1, 1e6, 60)).toEqual({ type: 'out-of-range', logStartOffset: 0, endOffset: 50 });
  });

  test('reads the same from memory, from files, and after a restart, across segments', async () => {
    const environment = testEnvironment({ tailBudgetBytes: 1 });
    const { log } = await openLog(environment, { configChange: SMALL });
    for (let index = 0; index < 40; index += 1) {
      log.append(batchOf(1 + (index % 4), { fill: index, timestamp: 1000 + index * 10 }), { leaderEpoch: 0 });
      if (index % 3 === 0) await environment.clock.run(() => log.logEndOffset === log.appendedEndOffset);
    }
    await environment.clock.run(() => log.logEndOffset === log.appendedEndOffset);
    expect(log.segmentCount).toBeGreaterThan(4);
    const before = (await readAll(log)).map((batch) => batch.bytes);
    expect(before).toHaveLength(40);
    await environment.clock.settle(log.close());
    const reopened = (await openLog(environment, { configChange: SMALL })).log;
    expect(reopened.logEndOffset).toBe(log.logEndOffset);
    expect((await readAll(reopened)).map((batch) => batch.bytes)).toEqual(before);
    for (let offset = 0; offset < reopened.logEndOffset; offset += 1) {
      const [first] = await batchesOf(reopened.read(offset, 1, reopened.logEndOffset, { minOneBatch: true }));
      expect(first?.baseOffset).toBeLessThanOrEqual(offset);
      expect(first?.lastOffset).toBeGreaterThanOrEqual(offset);
    }
    expect(environment.logger.lines).toEqual([]);
  });

  test('finds offsets by timestamp, exact to the record', async () => {
    const environment = testEnvironment({ tailBudgetBytes: 1 });
    const { log } = await openLog(environment, { configChange: SMALL });
    for (let index = 0; index < 30; index += 1)
      log.append(batchOf(5, { timestamp: 1000 + index * 10 }), { leaderEpoch: 3 });
    await environment.clock.run(() => log.logEndOffset === 150);
    expect(await log.offsetForTimestamp(0)).toEqual({ timestampMs: 1000, offset: 0, leaderEpoch: 3 });
    for (let index = 0; index < 30; index += 1) {
      const found = await log.offsetForTimestamp(1000 + index * 10 + 3);
      expect(found).toEqual({ timestampMs: 1003 + index * 10, offset: index * 5 + 3, leaderEpoch: 3 });
      expect((await log.offsetForTimestamp(1000 + index * 10 - 2))?.offset).toBe(index * 5);
    }
    expect(await log.offsetForTimestamp(1295)).toBeUndefined();
    expect(await log.offsetForTimestamp(1293, 148)).toBeUndefined();
    expect(await log.offsetOfMaxTimestamp()).toEqual({ timestampMs: 1294, offset: 149, leaderEpoch: 3 });
  });

  test('remembers leader epochs, also over a restart', async () => {
    const environment = testEnvironment();
    const { log } = await openLog(environment);
    log.append(batchOf(3), { leaderEpoch: 1 });
    log.append(batchOf(3), { leaderEpoch: 4 });
    log.assignLeaderEpoch(6);
    await environment.clock.run(() => log.logEndOffset === 6);
    const check = (each: typeof log) => {
      expect(each.endOffsetForEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 3 });
      expect(each.endOffsetForEpoch(3)).toEqual({ leaderEpoch: 1, endOffset: 3 });
      expect(each.endOffsetForEpoch(0)).toEqual({ leaderEpoch: 0, endOffset: 0 });
      expect(each.endOffsetForEpoch(9)).toEqual({ leaderEpoch: -1, endOffset: -1 });
      expect(each.epochForOffset(2)).toBe(1);
    };
    check(log);
    expect(log.endOffsetForEpoch(6)).toEqual({ leaderEpoch: 6, endOffset: 6 });
    await environment.clock.settle(log.close());
    const reopened = (await openLog(environment)).log;
    check(reopened);
    expect(reopened.latestLeaderEpoch).toBe(4);
  });

  test('appends a leader’s batches as they are, and refuses what is not next or not whole', async () => {
    const environment = testEnvironment();
    const leader = (await openLog(environment, { directory: '/data/leader-0' })).log;
    for (let index = 0; index < 3; index += 1) leader.append(batchOf(2), { leaderEpoch: index });
    await environment.clock.run(() => leader.logEndOffset === 6);
    const bytes = Buffer.concat((await readAll(leader)).map((batch) => batch.bytes));
    const { log } = await openLog(environment);
    expect(log.appendAsFollower(bytes)).toEqual({ batchCount: 3, failure: undefined });
    await environment.clock.run(() => log.logEndOffset === 6);
    expect(Buffer.concat((await readAll(log)).map((batch) => batch.bytes))).toEqual(bytes);
    expect(log.latestLeaderEpoch).toBe(2);
    expect(log.appendAsFollower(bytes).failure?.reason).toBe('not-next');
    expect(log.appendAsFollower(bytes.subarray(0, 70)).failure?.reason).toBe('corrupt');
    const flipped = Uint8Array.from(bytes.subarray(bytes.length / 3));
    flipped[80] = (flipped[80] ?? 0) ^ 1;
    expect((await openLog(environment, { directory: '/data/x-0' })).log.appendAsFollower(flipped).failure?.reason).toBe(
      'corrupt',
    );
  });

  test('truncates to a batch boundary, in memory, in files and in the epochs', async () => {
    for (const tailBudgetBytes of [1, 1024 * 1024]) {
      const environment = testEnvironment({ tailBudgetBytes });
      const { log } = await openLog(environment, { configChange: SMALL });
      for (let index = 0; index < 30; index += 1) log.append(batchOf(3), { leaderEpoch: Math.floor(index / 10) });
      await environment.clock.run(() => log.logEndOffset === 90);
      const before = (await readAll(log)).map((batch) => batch.bytes);
      await environment.clock.settle(log.truncateTo(47));
      expect([log.appendedEndOffset, log.logEndOffset]).toEqual([45, 45]);
      expect(log.latestLeaderEpoch).toBe(1);
      expect((await readAll(log)).map((batch) => batch.bytes)).toEqual(before.slice(0, 15));
      expect(log.append(batchOf(2), { leaderEpoch: 7 }).baseOffset).toBe(45);
      await environment.clock.run(() => log.logEndOffset === 47);
      await environment.clock.settle(log.close());
      const reopened = (await openLog(environment, { configChange: SMALL })).log;
      expect(reopened.logEndOffset).toBe(47);
      expect((await readAll(reopened)).map((batch) => batch.leaderEpoch).at(-1)).toBe(7);
      expect(reopened.endOffsetForEpoch(1)).toEqual({ leaderEpoch: 1, endOffset: 45 });
    }
  });

  test('starts anew at an offset', async () => {
    const environment = testEnvironment();
    const { log } = await openLog(environment, { configChange: SMALL });
    for (let index = 0; index < 30; index += 1) log.append(batchOf(3), { leaderEpoch: 0 });
    await environment.clock.settle(log.truncateFullyAndStartAt(5000));
    expect([log.logStartOffset, log.logEndOffset, log.flushedEndOffset]).toEqual([5000, 5000, 5000]);
    expect(log.append(batchOf(1), { leaderEpoch: 2 }).baseOffset).toBe(5000);
    await environment.clock.settle(log.close());
    const reopened = (await openLog(environment, { configChange: SMALL })).log;
    expect([reopened.logStartOffset, reopened.logEndOffset]).toEqual([5000, 5001]);
  });

  test('keeps published bytes as they were for those who hold them', async () => {
    const environment = testEnvironment();
    const { log } = await openLog(environment);
    log.append(batchOf(3, { fill: 1 }), { leaderEpoch: 0 });
    await environment.clock.run(() => log.logEndOffset === 3);
    const read = await log.read(0, 1000, 3);
    if (read.type !== 'records' || read.parts[0]?.kind !== 'memory') throw new Error('expected memory');
    const view = read.parts[0].views[0] as Uint8Array;
    const before = view.slice();
    await environment.clock.settle(log.truncateTo(0));
    log.append(batchOf(3, { fill: 2 }), { leaderEpoch: 1 });
    await environment.clock.run(() => log.logEndOffset === 3);
    await environment.clock.settle(log.close());
    expect(view).toEqual(before);
    releaseParts(read.parts);
    expect(view).not.toEqual(before);
    expect(environment.memory.pool.freeBytes).toBe(environment.memory.pool.totalBytes);
    expect(environment.memory.usedBytes).toBe(0);
  });

  test('flushes after flush.messages records and within flush.ms', async () => {
    const environment = testEnvironment();
    const { log } = await openLog(environment, { configChange: { flushMessages: 10, flushMs: 500 } });
    log.append(batchOf(9), { leaderEpoch: 0 });
    await environment.clock.run(() => log.logEndOffset === 9);
    expect(log.flushedEndOffset).toBe(0);
    await environment.clock.pass(499);
    expect(log.flushedEndOffset).toBe(0);
    await environment.clock.pass(2);
    expect(log.flushedEndOffset).toBe(9);
    log.append(batchOf(10), { leaderEpoch: 0 });
    await environment.clock.run(() => log.flushedEndOffset === 19, 1);
  });

  test('evicts the oldest written bytes of any log when memory is short', async () => {
    const environment = testEnvironment({ tailBudgetBytes: 64 * 1024 });
    const one = (await openLog(environment, { directory: '/data/one-0' })).log;
    const two = (await openLog(environment, { directory: '/data/two-0' })).log;
    for (let index = 0; index < 200; index += 1) {
      const log = index % 2 === 0 ? one : two;
      log.append(batchOf(1, { valueBytes: 2000 }), { leaderEpoch: 0 });
      await environment.clock.run(() => log.logEndOffset === log.appendedEndOffset);
      expect(environment.memory.usedBytes).toBeLessThanOrEqual(64 * 1024);
    }
    const newest = await two.read(99, 10_000, 100);
    const oldest = await two.read(0, 10_000, 100);
    if (newest.type !== 'records' || oldest.type !== 'records') throw new Error('out of range');
    expect([newest.parts[0]?.kind, oldest.parts[0]?.kind]).toEqual(['memory', 'file']);
    releaseParts([...newest.parts, ...oldest.parts]);
    expect(await readAll(one)).toHaveLength(100);
  });
});
