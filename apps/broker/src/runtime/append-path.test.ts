import { ErrorCode } from '@ks/protocol';
import { describe, expect, it } from 'vitest';
import type { CollectedSamples, Metrics } from '../ports/metrics.ts';
import { silentMetrics } from '../silent-metrics.ts';
import { appendRequest, Fixture, idOf, imageOf, isSettled, topicImage } from './replicas.test-support.ts';
import { batchOf } from './scripted-log.test-support.ts';

const ORDERS = idOf('Q');

function poisoned(errorCode: number): Uint8Array {
  const bytes = batchOf(1);
  bytes[1] = errorCode;
  return bytes;
}

function inflatable(recordsCount: number): Uint8Array {
  const bytes = batchOf(recordsCount);
  bytes[2] = 1;
  return bytes;
}

describe('append', () => {
  it('assigns offsets at once and acknowledges when the write has returned', async () => {
    for (const acks of [1, -1] as const) {
      const { replicas, directory } = await Fixture.leading();
      const append = replicas.append(appendRequest([batchOf(3)], { acks }));
      expect(append.admitting).toBeUndefined();
      expect(append.admitted[0]).toMatchObject({ errorCode: 0, baseOffset: 0, lastOffset: 2 });
      expect(await isSettled(append.completion)).toBe(false);
      directory.get('orders', 0).write();
      expect(await append.completion).toMatchObject([
        { errorCode: 0, baseOffset: 0, lastOffset: 2, logStartOffset: 0 },
      ]);
    }
  });

  it('does not wait for acks=0', async () => {
    const { replicas } = await Fixture.leading();
    expect(await isSettled(replicas.append(appendRequest([batchOf(3)], { acks: 0 })).completion)).toBe(true);
  });

  it('waits for the sync where every message is flushed', async () => {
    const fixture = new Fixture();
    fixture.overrides.set('orders', { flushMessages: 1 });
    fixture.start();
    await fixture.apply(imageOf([topicImage('orders', ORDERS)]));
    const log = fixture.directory.get('orders', 0);
    const appends = ([1, -1] as const).map(
      (acks) => fixture.replicas.append(appendRequest([batchOf(1)], { acks })).completion,
    );
    log.write();
    expect(await Promise.all(appends.map(isSettled))).toEqual([false, false]);
    log.sync();
    expect(await Promise.all(appends)).toMatchObject([[{ errorCode: 0 }], [{ errorCode: 0 }]]);
  });

  it('answers acks=all at the high watermark, not at the write, and times it out', async () => {
    const fixture = new Fixture();
    fixture.start();
    await fixture.apply(imageOf([topicImage('orders', ORDERS, [{ replicas: [1, 2], isr: [1, 2] }])]));
    const { replicas, directory, clock } = fixture;
    const [one, all] = ([1, -1] as const).map(
      (acks) => replicas.append(appendRequest([batchOf(1)], { acks })).completion,
    );
    directory.get('orders', 0).write();
    expect(await one).toMatchObject([{ errorCode: 0 }]);
    clock.advanceTo(1499);
    expect(await isSettled(all as Promise<unknown>)).toBe(false);
    clock.advanceTo(1502);
    expect(await all).toMatchObject([{ errorCode: ErrorCode.REQUEST_TIMED_OUT, baseOffset: -1 }]);
    const late = replicas.append(appendRequest([batchOf(1)])).completion;
    directory.get('orders', 0).write();
    await fixture.apply(imageOf([topicImage('orders', ORDERS, [{ replicas: [1, 2], isr: [1], partitionEpoch: 1 }])]));
    expect(await late).toMatchObject([{ errorCode: 0, baseOffset: 2 }]);
    // Housekeeping's five, the cleaner's, the wheel's.
    expect(clock.pending).toBeLessThanOrEqual(8);
  });

  it('tells how many appends with acks=all wait', async () => {
    let collect: () => CollectedSamples | Promise<CollectedSamples> = () => ({});
    const metrics: Metrics = {
      ...silentMetrics,
      collected: (families, given) => {
        if (families.some(({ name }) => name === 'ks_waiting_appends')) collect = given;
      },
    };
    const fixture = new Fixture({ metrics });
    fixture.start();
    await fixture.apply(imageOf([topicImage('orders', ORDERS, [{ replicas: [1, 2], isr: [1, 2] }])]));
    const waiting = async () => (await collect())['ks_waiting_appends']?.[0]?.value;
    const appends = [-1, 1, -1].map((acks) =>
      fixture.replicas.append(appendRequest([batchOf(1)], { acks: acks as -1 | 1 })),
    );
    fixture.directory.get('orders', 0).write();
    expect(await waiting()).toBe(2);
    await fixture.apply(imageOf([topicImage('orders', ORDERS, [{ replicas: [1, 2], isr: [1], partitionEpoch: 1 }])]));
    await Promise.all(appends.map(({ completion }) => completion));
    expect(await waiting()).toBe(0);
  });

  it('refuses acks=all below min.insync.replicas, before the append', async () => {
    const fixture = new Fixture();
    fixture.overrides.set('orders', { minInsyncReplicas: 2 });
    fixture.start();
    await fixture.apply(imageOf([topicImage('orders', ORDERS, [{ replicas: [1, 2], isr: [1] }])]));
    const refused = await fixture.replicas.append(appendRequest([batchOf(1)])).completion;
    expect(refused[0]?.errorCode).toBe(ErrorCode.NOT_ENOUGH_REPLICAS);
    expect(fixture.directory.get('orders', 0).appendedEndOffset).toBe(0);
  });

  it('answers each partition for itself', async () => {
    const fixture = new Fixture();
    fixture.start();
    await fixture.apply(
      imageOf([topicImage('orders', ORDERS, [{}, {}, { leader: 2, leaderEpoch: 4, replicas: [2] }])]),
    );
    const records = [batchOf(2), poisoned(ErrorCode.CORRUPT_MESSAGE), batchOf(1), batchOf(1)];
    const { completion } = fixture.replicas.append(appendRequest(records));
    fixture.directory.get('orders', 0).write();
    expect((await completion).map((each) => each.errorCode)).toEqual([
      ErrorCode.NONE,
      ErrorCode.CORRUPT_MESSAGE,
      ErrorCode.NOT_LEADER_OR_FOLLOWER,
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ]);
    expect((await completion)[2]?.currentLeader).toEqual({ leaderId: 2, leaderEpoch: 4 });
  });

  it("refuses an id that is not the topic's, and missing records", async () => {
    const { replicas, directory } = await Fixture.leading();
    const asked = { topic: 'orders', topicId: idOf('w'), partitionIndex: 0, records: batchOf(1) };
    const other = await replicas.append({ ...appendRequest([]), partitions: [asked] }).completion;
    expect(other[0]?.errorCode).toBe(ErrorCode.INCONSISTENT_TOPIC_ID);
    expect((await replicas.append(appendRequest([null])).completion)[0]?.errorCode).toBe(ErrorCode.INVALID_RECORD);
    expect(directory.get('orders', 0).appendedEndOffset).toBe(0);
  });

  it('keeps the order of partitions when one is inflated elsewhere, and looks at the world again afterwards', async () => {
    const fixture = new Fixture();
    fixture.start();
    await fixture.apply(imageOf([topicImage('orders', ORDERS, [{}, {}])]));
    const { replicas, validator, directory } = fixture;
    const append = replicas.append(appendRequest([inflatable(1), batchOf(2)]));
    expect(append.admitting).toBeDefined();
    expect(append.admitted).toEqual([]);
    await fixture.apply(imageOf([topicImage('orders', ORDERS, [{ leader: 2, leaderEpoch: 1, isr: [2] }, {}])]));
    validator.inflate();
    await append.admitting;
    expect(append.admitted.map((each) => each.errorCode)).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER, 0]);
    expect(directory.get('orders', 0).appendedEndOffset).toBe(0);
    directory.get('orders', 1).write();
    expect((await append.completion)[1]).toMatchObject({ errorCode: 0, baseOffset: 0, lastOffset: 1 });
  });

  it('stamps the epoch of the leadership that appends', async () => {
    const fixture = await Fixture.leading();
    fixture.replicas.append(appendRequest([batchOf(1)]));
    await fixture.apply(imageOf([topicImage('orders', ORDERS, [{ leaderEpoch: 4 }])]));
    fixture.replicas.append(appendRequest([batchOf(1)]));
    const log = fixture.directory.get('orders', 0);
    expect(log.batches.map((each) => each.leaderEpoch)).toEqual([0, 4]);
    expect(log.epochs).toEqual([
      { leaderEpoch: 0, startOffset: 0 },
      { leaderEpoch: 4, startOffset: 1 },
    ]);
  });

  it('fails what waits and what comes when leadership or the disk is lost', async () => {
    const lost = await Fixture.leading();
    const waiting = lost.replicas.append(appendRequest([batchOf(1)])).completion;
    await lost.apply(imageOf([topicImage('orders', ORDERS, [{ leader: 2, leaderEpoch: 1, isr: [2] }])]));
    expect(await waiting).toMatchObject([
      { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, baseOffset: -1, currentLeader: { leaderId: 2, leaderEpoch: 1 } },
    ]);
    const failed = await Fixture.leading();
    const unwritten = failed.replicas.append(appendRequest([batchOf(1)], { acks: 1 })).completion;
    failed.directory.get('orders', 0).fail();
    expect((await unwritten)[0]?.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    const next = await failed.replicas.append(appendRequest([batchOf(1)])).completion;
    expect(next[0]?.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });

  it('lets nobody but its coordinator append to an internal topic', async () => {
    const fixture = new Fixture();
    fixture.start();
    await fixture.apply(imageOf([topicImage('__consumer_offsets', ORDERS)]));
    const partitions = [{ topic: '__consumer_offsets', topicId: ORDERS, partitionIndex: 0, records: batchOf(1) }];
    const codeOf = (origin: 'client' | 'coordinator') =>
      fixture.replicas.append({ ...appendRequest([], { origin }), partitions }).admitted[0]?.errorCode;
    expect([codeOf('client'), codeOf('coordinator')]).toEqual([ErrorCode.INVALID_TOPIC_EXCEPTION, 0]);
  });

  it('refuses more than may wait for one partition', async () => {
    const { replicas } = await Fixture.leading({ limits: { parkedAppendsPerPartitionMax: 2 } });
    const codes = [0, 1, 2].map(() => replicas.append(appendRequest([batchOf(1)])).admitted[0]?.errorCode);
    expect(codes).toEqual([0, 0, ErrorCode.REQUEST_TIMED_OUT]);
  });
});
