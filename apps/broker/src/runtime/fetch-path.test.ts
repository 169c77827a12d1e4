import { ErrorCode } from '@ks/protocol';
import { describe, expect, it } from 'vitest';
import { releaseParts } from '../ports/wire-part.ts';
import type { FetchResult } from './replica-manager.ts';
import {
  appendRequest,
  Fixture,
  fetchRequest,
  idOf,
  imageOf,
  isSettled,
  settle,
  topicImage,
} from './replicas.test-support.ts';
import { batchOf } from './scripted-log.test-support.ts';

const ORDERS = idOf('Q');

/** A broker that leads `count` partitions of `orders`, each holding the written batches that `sizes` says. */
async function filled(sizes: readonly (readonly number[])[], limits?: { fetchMaxBytes: number }): Promise<Fixture> {
  const fixture = new Fixture(limits === undefined ? {} : { limits });
  fixture.start();
  await fixture.apply(
    imageOf([
      topicImage(
        'orders',
        ORDERS,
        sizes.map(() => ({})),
      ),
    ]),
  );
  sizes.forEach((batches, partitionIndex) => {
    for (const sizeBytes of batches) write(fixture, partitionIndex, sizeBytes);
  });
  return fixture;
}

function write(fixture: Fixture, partitionIndex: number, sizeBytes: number): void {
  const asked = { topic: 'orders', topicId: ORDERS, partitionIndex, records: batchOf(1, sizeBytes) };
  fixture.replicas.append({ ...appendRequest([]), partitions: [asked] });
  fixture.directory.get('orders', partitionIndex).write();
}

function sizesOf(results: readonly FetchResult[]): number[] {
  return results.map((each) => each.sizeBytes);
}

/** Lets go of what was answered and says how much is held still. */
function heldAfter(fixture: Fixture, results: readonly FetchResult[]): number {
  for (const result of results) releaseParts(result.records);
  return fixture.directory.scripted.reduce((sum, log) => sum + log.held, 0);
}

describe('fetch', () => {
  it('answers at once what is there, up to the high watermark', async () => {
    const fixture = await filled([[10, 20], []]);
    fixture.replicas.append(appendRequest([batchOf(5)]));
    const results = await fixture.replicas.fetch(fetchRequest([{}, {}]));
    expect(results).toMatchObject([
      { errorCode: 0, highWatermark: 2, lastStableOffset: 2, logStartOffset: 0, sizeBytes: 30 },
      { errorCode: 0, highWatermark: 0, sizeBytes: 0, records: [] },
    ]);
    expect(heldAfter(fixture, results)).toBe(0);
  });

  it('waits until a record comes, then answers it', async () => {
    const fixture = await filled([[], []]);
    const fetching = fixture.replicas.fetch(fetchRequest([{}, {}]));
    expect(await isSettled(fetching)).toBe(false);
    write(fixture, 1, 40);
    expect(sizesOf(await fetching)).toEqual([0, 40]);
  });

  it('is not woken by what is only appended', async () => {
    const fixture = await filled([[]]);
    const fetching = fixture.replicas.fetch(fetchRequest([{}]));
    fixture.replicas.append(appendRequest([batchOf(1)]));
    expect(await isSettled(fetching)).toBe(false);
    fixture.directory.get('orders', 0).write();
    expect(sizesOf(await fetching)).toEqual([10]);
  });

  it('answers with what there is when the longest wait is over', async () => {
    const fixture = await filled([[10]]);
    const fetching = fixture.replicas.fetch(fetchRequest([{}], { minBytes: 100 }));
    await settle();
    fixture.clock.advanceTo(1499);
    expect(await isSettled(fetching)).toBe(false);
    fixture.clock.advanceTo(1502);
    const results = await fetching;
    expect(sizesOf(results)).toEqual([10]);
    expect(heldAfter(fixture, results)).toBe(0);
  });

  it('counts what comes, over partitions, until there is enough', async () => {
    for (const isCold of [false, true]) {
      const fixture = await filled([[10], []]);
      for (const log of fixture.directory.scripted) log.isCold = isCold;
      const fetching = fixture.replicas.fetch(fetchRequest([{}, {}], { minBytes: 60 }));
      await settle();
      write(fixture, 1, 20);
      // What cannot be counted without waiting for the disk is taken for enough: the answer comes early rather than late.
      expect(await isSettled(fetching)).toBe(isCold);
      write(fixture, 1, 30);
      const results = await fetching;
      expect(sizesOf(results)).toEqual(isCold ? [10, 20] : [10, 50]);
      expect(heldAfter(fixture, results)).toBe(0);
    }
  });

  it('does not wait where nothing can be waited for', async () => {
    const fixture = await filled([[]]);
    expect(await fixture.replicas.fetch(fetchRequest([], { minBytes: 1 }))).toEqual([]);
    expect(await isSettled(fixture.replicas.fetch(fetchRequest([{}], { maxWaitMs: 0 })))).toBe(true);
    expect(await isSettled(fixture.replicas.fetch(fetchRequest([{}], { minBytes: 0 })))).toBe(true);
    expect(await isSettled(fixture.replicas.fetch(fetchRequest([{}, {}])))).toBe(true);
  });

  it('lets go of a wait whose connection is gone', async () => {
    const fixture = await filled([[10]]);
    const gone = new AbortController();
    const fetching = fixture.replicas.fetch(fetchRequest([{}], { minBytes: 100, signal: gone.signal }));
    await settle();
    gone.abort();
    expect((await fetching)[0]?.records).toEqual([]);
    expect(fixture.directory.get('orders', 0).held).toBe(0);
    const after = fixture.replicas.fetch(fetchRequest([{}], { minBytes: 100, signal: gone.signal }));
    expect(await isSettled(after)).toBe(true);
    expect(heldAfter(fixture, await after)).toBe(0);
  });

  it('shares the bytes of a response: one batch at least, whatever its size, then within the limits', async () => {
    const fixture = await filled(
      [
        [100, 100],
        [100, 100],
      ],
      { fetchMaxBytes: 250 },
    );
    const partition = { partitionMaxBytes: 150 };
    const limits: readonly [number, number[]][] = [
      [1000, [100, 100]],
      [250, [100, 100]],
      [120, [100, 0]],
      [10, [100, 0]],
    ];
    for (const [maxBytes, sizes] of limits) {
      const results = await fixture.replicas.fetch(fetchRequest([partition, partition], { maxBytes }));
      expect(sizesOf(results).sort()).toEqual(sizes.sort());
      heldAfter(fixture, results);
    }
    const whole = await fixture.replicas.fetch(fetchRequest([{}, {}], { maxBytes: 1000 }));
    expect(sizesOf(whole).reduce((sum, size) => sum + size, 0)).toBe(200);
    const small = await fixture.replicas.fetch(fetchRequest([{ partitionMaxBytes: 1 }, { partitionMaxBytes: 1 }]));
    expect(sizesOf(small).sort()).toEqual([0, 100]);
  });

  it('begins with another partition each time, so that none starves behind a full one', async () => {
    const fixture = await filled([[100], [100], [100]]);
    const served = [0, 0, 0];
    for (let turn = 0; turn < 9; turn++) {
      const results = await fixture.replicas.fetch(fetchRequest([{}, {}, {}], { maxBytes: 100 }));
      results.forEach((each, index) => {
        served[index] = (served[index] ?? 0) + (each.sizeBytes > 0 ? 1 : 0);
      });
    }
    expect(served).toEqual([3, 3, 3]);
    const ordered = { maxBytes: 100, keepsOrder: true };
    for (let turn = 0; turn < 3; turn++) {
      expect(sizesOf(await fixture.replicas.fetch(fetchRequest([{}, {}, {}], ordered)))).toEqual([100, 0, 0]);
    }
  });

  it('tells a reader whose place or view is wrong at once', async () => {
    const fixture = new Fixture();
    fixture.start();
    await fixture.apply(
      imageOf([topicImage('orders', ORDERS, [{ leaderEpoch: 2 }, { leader: 3, replicas: [3], leaderEpoch: 9 }])]),
    );
    write(fixture, 0, 10);
    fixture.directory.get('orders', 0).logStartOffset = 1;
    write(fixture, 0, 10);
    const cases = [
      [{ fetchOffset: 0 }, ErrorCode.OFFSET_OUT_OF_RANGE],
      [{ fetchOffset: 3 }, ErrorCode.OFFSET_OUT_OF_RANGE],
      [{ fetchOffset: 1, currentLeaderEpoch: 1 }, ErrorCode.FENCED_LEADER_EPOCH],
      [{ fetchOffset: 1, currentLeaderEpoch: 3 }, ErrorCode.UNKNOWN_LEADER_EPOCH],
      [{ partitionIndex: 1 }, ErrorCode.NOT_LEADER_OR_FOLLOWER],
      [{ partitionIndex: 7 }, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      [{ topicId: idOf('w') }, ErrorCode.INCONSISTENT_TOPIC_ID],
      [{ fetchOffset: 1, currentLeaderEpoch: 2 }, ErrorCode.NONE],
    ] as const;
    for (const [asked, errorCode] of cases) {
      const [result] = await fixture.replicas.fetch(fetchRequest([asked], { minBytes: 1 }));
      expect(result?.errorCode).toBe(errorCode);
      if (errorCode !== ErrorCode.NONE) expect(result).toMatchObject({ highWatermark: -1, records: [] });
    }
    const [follower] = await fixture.replicas.fetch(fetchRequest([{ fetchOffset: 1 }], { replicaId: 2 }));
    expect(follower?.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  });

  it('tells of a divergence by epoch and end offset', async () => {
    const fixture = new Fixture();
    fixture.start();
    await fixture.apply(imageOf([topicImage('orders', ORDERS, [{ leaderEpoch: 2 }])]));
    write(fixture, 0, 10);
    await fixture.apply(imageOf([topicImage('orders', ORDERS, [{ leaderEpoch: 5 }])]));
    write(fixture, 0, 10);
    const ask = async (fetchOffset: number, lastFetchedEpoch: number) =>
      (await fixture.replicas.fetch(fetchRequest([{ fetchOffset, lastFetchedEpoch }], { maxWaitMs: 0 })))[0];
    expect((await ask(2, 5))?.divergingEpoch).toBeUndefined();
    expect(await ask(2, 2)).toMatchObject({ errorCode: 0, divergingEpoch: { epoch: 2, endOffset: 1 }, records: [] });
    expect(await ask(1, 4)).toMatchObject({ divergingEpoch: { epoch: 2, endOffset: 1 } });
    expect((await ask(1, 1))?.errorCode).toBe(ErrorCode.OFFSET_OUT_OF_RANGE);
  });

  it('ends a wait when the partition moves, is deleted or its disk fails', async () => {
    const endings: readonly [(fixture: Fixture) => unknown, number][] = [
      [(fixture) => fixture.apply(imageOf([])), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
      [
        (fixture) => fixture.apply(imageOf([topicImage('orders', ORDERS, [{ leader: 2, leaderEpoch: 1, isr: [2] }])])),
        ErrorCode.NOT_LEADER_OR_FOLLOWER,
      ],
      [(fixture) => fixture.directory.get('orders', 0).fail(), ErrorCode.KAFKA_STORAGE_ERROR],
      [(fixture) => fixture.replicas.stop(5), ErrorCode.NOT_LEADER_OR_FOLLOWER],
    ];
    for (const [end, errorCode] of endings) {
      const fixture = await filled([[]]);
      const fetching = fixture.replicas.fetch(fetchRequest([{}]));
      await settle();
      await end(fixture);
      expect((await fetching)[0]?.errorCode).toBe(errorCode);
    }
  });

  it('gives a reader of committed records what is decided, and the aborted transactions in it', async () => {
    const fixture = await filled([[10, 20, 30, 40]]);
    const log = fixture.directory.get('orders', 0);
    log.unstableOffset = 3;
    log.aborted = [
      { producerId: 7, firstOffset: 0, lastOffset: 1, lastStableOffset: 2 },
      { producerId: 8, firstOffset: 3, lastOffset: 9, lastStableOffset: 10 },
    ];
    const committed = await fixture.replicas.fetch(fetchRequest([{}], { isolationLevel: 1 }));
    expect(committed).toMatchObject([
      {
        highWatermark: 4,
        lastStableOffset: 3,
        sizeBytes: 60,
        abortedTransactions: [{ producerId: 7, firstOffset: 0 }],
      },
    ]);
    const all = await fixture.replicas.fetch(fetchRequest([{}]));
    expect(all).toMatchObject([{ lastStableOffset: 3, sizeBytes: 100, abortedTransactions: null }]);
    expect(heldAfter(fixture, [...committed, ...all])).toBe(0);
    const atEnd = fixture.replicas.fetch(fetchRequest([{ fetchOffset: 3 }], { isolationLevel: 1, maxWaitMs: 0 }));
    expect(await atEnd).toMatchObject([{ errorCode: 0, sizeBytes: 0, abortedTransactions: [] }]);
  });

  it('lets a reader of committed records wait until the transaction is decided', async () => {
    const fixture = await filled([[10]]);
    const log = fixture.directory.get('orders', 0);
    log.unstableOffset = 1;
    const fetching = fixture.replicas.fetch(fetchRequest([{ fetchOffset: 1 }], { isolationLevel: 1 }));
    write(fixture, 0, 20);
    expect(await isSettled(fetching)).toBe(false);
    log.unstableOffset = Number.POSITIVE_INFINITY;
    write(fixture, 0, 5);
    expect(sizesOf(await fetching)).toEqual([25]);
  });
});
