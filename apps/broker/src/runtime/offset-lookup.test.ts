import { ErrorCode } from '@ks/protocol';
import { describe, expect, it } from 'vitest';
import { OffsetMarker } from './offset-lookup.ts';
import type { ListOffsetRequest } from './replica-manager.ts';
import { appendRequest, Fixture, idOf, imageOf, NO_ID, topicImage } from './replicas.test-support.ts';
import { batchOf } from './scripted-log.test-support.ts';

function asked(over: Partial<ListOffsetRequest>): ListOffsetRequest {
  return {
    topic: 'orders',
    topicId: NO_ID,
    partitionIndex: 0,
    currentLeaderEpoch: -1,
    timestampMs: OffsetMarker.LATEST,
    isolationLevel: 0,
    replicaId: -1,
    ...over,
  };
}

/** Ten records written, of which the high watermark covers all, or three where another replica lags. */
async function withRecords(options: { lagging: boolean }): Promise<Fixture> {
  const fixture = new Fixture();
  fixture.directory.hold('orders', 0, idOf('Q'), 3);
  fixture.directory.highWatermarks.set('orders-0', 3);
  fixture.start();
  const placement = options.lagging ? { replicas: [1, 2], isr: [1, 2] } : {};
  await fixture.apply(imageOf([topicImage('orders', idOf('Q'), [{ leaderEpoch: 4, ...placement }])]));
  fixture.replicas.append(appendRequest([batchOf(7)], { acks: 1 }));
  fixture.directory.get('orders', 0).write();
  return fixture;
}

describe('listOffset', () => {
  it('answers the markers', async () => {
    const fixture = await withRecords({ lagging: false });
    fixture.directory.get('orders', 0).logStartOffset = 2;
    const markers: readonly [number, object][] = [
      [OffsetMarker.LATEST, { offset: 10, timestampMs: -1, leaderEpoch: 4 }],
      [OffsetMarker.EARLIEST, { offset: 2, timestampMs: -1, leaderEpoch: -1 }],
      [OffsetMarker.EARLIEST_LOCAL, { offset: 2, timestampMs: -1 }],
      [OffsetMarker.MAX_TIMESTAMP, { offset: 9, timestampMs: 99, leaderEpoch: 1 }],
      [OffsetMarker.LATEST_TIERED, { offset: -1, timestampMs: -1, leaderEpoch: -1 }],
      [OffsetMarker.EARLIEST_PENDING_UPLOAD, { offset: -1, timestampMs: -1, leaderEpoch: -1 }],
    ];
    for (const [timestampMs, expected] of markers) {
      expect(await fixture.replicas.listOffset(asked({ timestampMs }))).toMatchObject({ errorCode: 0, ...expected });
    }
  });

  it('finds by time, below what the reader may see', async () => {
    const fixture = await withRecords({ lagging: false });
    expect(await fixture.replicas.listOffset(asked({ timestampMs: 6 }))).toMatchObject({ offset: 6, timestampMs: 6 });
    expect(await fixture.replicas.listOffset(asked({ timestampMs: 60 }))).toMatchObject({ errorCode: 0, offset: -1 });
  });

  it('goes no further than the last stable offset for a reader of committed records', async () => {
    const fixture = await withRecords({ lagging: false });
    fixture.directory.get('orders', 0).unstableOffset = 5;
    const find = async (timestampMs: number, isolationLevel: number) =>
      (await fixture.replicas.listOffset(asked({ timestampMs, isolationLevel }))).offset;
    expect([await find(OffsetMarker.LATEST, 1), await find(OffsetMarker.LATEST, 0)]).toEqual([5, 10]);
    expect([await find(4, 1), await find(6, 1), await find(6, 0)]).toEqual([4, -1, 6]);
  });

  it('does not tell "latest" before the start of the epoch is committed, except to a replica', async () => {
    const fixture = await withRecords({ lagging: true });
    fixture.directory.get('orders', 0).logStartOffset = 0;
    const partition = fixture.replicas.partition('orders', 0);
    expect([partition?.highWatermark, partition?.logEndOffset]).toEqual([3, 10]);
    // The epoch began at 3, which the watermark has reached.
    expect(await fixture.replicas.listOffset(asked({}))).toMatchObject({ errorCode: 0, offset: 3 });
    expect(await fixture.replicas.listOffset(asked({ replicaId: 2 }))).toMatchObject({ offset: 10 });
    await fixture.apply(
      imageOf([topicImage('orders', idOf('Q'), [{ leaderEpoch: 5, replicas: [1, 2], isr: [1, 2] }])]),
    );
    for (const timestampMs of [OffsetMarker.LATEST, OffsetMarker.MAX_TIMESTAMP, 6]) {
      const found = await fixture.replicas.listOffset(asked({ timestampMs }));
      expect(found).toMatchObject({ errorCode: ErrorCode.OFFSET_NOT_AVAILABLE, offset: -1 });
    }
    expect(await fixture.replicas.listOffset(asked({ timestampMs: 1 }))).toMatchObject({ errorCode: 0, offset: 1 });
    expect(await fixture.replicas.listOffset(asked({ timestampMs: OffsetMarker.EARLIEST }))).toMatchObject({
      offset: 0,
    });
  });

  it('checks the epoch, the partition and the disk', async () => {
    const fixture = await withRecords({ lagging: false });
    const code = async (over: Partial<ListOffsetRequest>) => (await fixture.replicas.listOffset(asked(over))).errorCode;
    expect(await code({ currentLeaderEpoch: 3 })).toBe(ErrorCode.FENCED_LEADER_EPOCH);
    expect(await code({ currentLeaderEpoch: 5 })).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH);
    expect(await code({ currentLeaderEpoch: 4 })).toBe(ErrorCode.NONE);
    expect(await code({ partitionIndex: 5 })).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    const during = code({ timestampMs: 6 });
    fixture.directory.get('orders', 0).fail();
    expect(await during).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(await code({})).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });
});

describe('epochEndOffset', () => {
  it('tells where the greatest epoch that is not above the one asked for ends', async () => {
    const fixture = await withRecords({ lagging: false });
    const ask = (leaderEpoch: number, over: object = {}) =>
      fixture.replicas.epochEndOffset({ ...asked({}), leaderEpoch, ...over });
    const image = imageOf([topicImage('orders', idOf('Q'), [{ leaderEpoch: 6 }])]);
    await fixture.apply(image);
    expect(ask(5)).toEqual({ errorCode: 0, leaderEpoch: 4, endOffset: 10 });
    expect(ask(3)).toEqual({ errorCode: 0, leaderEpoch: -1, endOffset: -1 });
    expect(ask(2, { currentLeaderEpoch: 3 })).toMatchObject({
      errorCode: ErrorCode.FENCED_LEADER_EPOCH,
      endOffset: -1,
    });
    expect(ask(2, { partitionIndex: 9 })).toMatchObject({ errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION });
  });
});
