import { ErrorCode } from '@ks/protocol';
import { describe, expect, it } from 'vitest';
import type { ClusterImage } from '../core/metadata/image.ts';
import {
  appendRequest,
  BROKER_EPOCH,
  Fixture,
  fetchRequest,
  idOf,
  imageOf,
  settle,
  topicImage,
} from './replicas.test-support.ts';
import { batchOf } from './scripted-log.test-support.ts';

const ORDERS = idOf('Q');
const OTHER = idOf('g');

async function appendError(fixture: Fixture): Promise<number | undefined> {
  return fixture.replicas.append(appendRequest([batchOf(1)], { acks: 0 })).admitted[0]?.errorCode;
}

describe('applyImage', () => {
  it('makes the logs of the partitions that are placed here, on the directory with the fewest', async () => {
    const fixture = new Fixture({ directoryCount: 2 });
    fixture.directories[0]?.hold('held', 0, OTHER);
    fixture.start();
    await fixture.apply(
      imageOf([
        topicImage('held', OTHER),
        topicImage('orders', ORDERS, [{}, { replicas: [2], leader: 2, isr: [2] }, {}]),
      ]),
    );
    expect(fixture.directories.map((each) => each.scripted.map((log) => `${log.topic}-${log.partition}`))).toEqual([
      ['held-0', 'orders-2'],
      ['orders-0'],
    ]);
    expect([...fixture.replicas.partitions()].every((each) => each.isLeader && each.isOpen)).toBe(true);
    expect(fixture.replicas.partition('orders', 1)).toBeUndefined();
  });

  it('deletes what the image drops, and what lies under the name of another topic', async () => {
    const fixture = await Fixture.leading();
    const old = fixture.replicas.partition('orders', 0);
    await fixture.apply(imageOf([topicImage('orders', OTHER)]));
    expect(fixture.directory.removed).toEqual(['delete orders-0']);
    expect([old?.isOpen, fixture.replicas.partition('orders', 0)?.topicId]).toEqual([false, OTHER]);
    await fixture.apply(imageOf([]));
    expect(fixture.directory.removed).toEqual(['delete orders-0', 'delete orders-0']);
    expect(await appendError(fixture)).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
  });

  it('at the first image deletes logs of a namesake and puts those of unknown topics aside', async () => {
    const fixture = new Fixture();
    fixture.directory.hold('orders', 0, OTHER);
    fixture.directory.hold('gone', 0, OTHER);
    fixture.directory.hold('moved', 0, idOf('w'));
    fixture.start();
    const moved = topicImage('moved', idOf('w'), [{ replicas: [2], leader: 2, isr: [2] }]);
    await fixture.apply(imageOf([topicImage('orders', ORDERS), moved]));
    expect([...fixture.directory.removed].sort()).toEqual(['delete moved-0', 'delete orders-0', 'stray gone-0']);
    expect(fixture.directory.get('orders', 0).topicId).toBe(ORDERS);
  });

  it('takes the high watermark up where the checkpoint left it, within the log', async () => {
    for (const [checkpointed, expected] of [
      [4, 4],
      [40, 9],
    ] as const) {
      const fixture = new Fixture();
      fixture.directory.hold('orders', 0, ORDERS, 9);
      fixture.directory.highWatermarks.set('orders-0', checkpointed);
      fixture.start();
      await fixture.apply(imageOf([topicImage('orders', ORDERS, [{ leader: 2, isr: [2, 1], replicas: [1, 2] }])]));
      expect(fixture.replicas.partition('orders', 0)?.highWatermark).toBe(expected);
    }
  });

  it('does not lead under a record that is older than its own birth, nor while fenced', async () => {
    const fixture = new Fixture();
    fixture.start();
    const isLeader = async (image: ClusterImage) => {
      await fixture.apply(image);
      return fixture.replicas.partition('orders', 0)?.isLeader;
    };
    expect(await isLeader(imageOf([topicImage('orders', ORDERS, [{ modRevision: BROKER_EPOCH }])]))).toBe(false);
    expect(await appendError(fixture)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    const renewed = [topicImage('orders', ORDERS, [{ modRevision: BROKER_EPOCH + 1, leaderEpoch: 1 }])];
    const image = imageOf(renewed);
    expect(await isLeader(image)).toBe(true);
    const self = image.brokers.get(1);
    if (self === undefined) throw new Error('the image lacks this broker');
    expect(await isLeader(imageOf(renewed, { brokers: new Map([[1, { ...self, fenced: true }]]) }))).toBe(false);
    expect(await isLeader(imageOf(renewed, { brokers: new Map([[1, { ...self, brokerEpoch: 99 }]]) }))).toBe(false);
  });

  it('takes new settings over, also those of the broker itself', async () => {
    const fixture = await Fixture.leading();
    const topics = [...(fixture.replicas.image?.topicsByName.values() ?? [])];
    fixture.overrides.set('orders', { maxMessageBytes: 77 });
    const configs = new Map([['topic/orders', new Map([['max.message.bytes', '77']])]]);
    await fixture.apply(imageOf(topics, { configs }));
    expect(fixture.directory.get('orders', 0).config.maxMessageBytes).toBe(77);
    fixture.overrides.set('orders', { maxMessageBytes: 78 });
    await fixture.apply(imageOf(topics, { configs }));
    expect(fixture.directory.get('orders', 0).config.maxMessageBytes).toBe(77);
    await fixture.apply(imageOf(topics, { configs: new Map([...configs, ['broker/', new Map()]]) }));
    expect(fixture.directory.get('orders', 0).config.maxMessageBytes).toBe(78);
  });

  it('applies images one after the other, the last one winning', async () => {
    const fixture = new Fixture();
    fixture.start();
    const [withTopic, without] = [imageOf([topicImage('orders', ORDERS)]), imageOf([])];
    await Promise.all([withTopic, without, withTopic, without, withTopic].map((image) => fixture.apply(image)));
    expect(fixture.directory.scripted).toHaveLength(1);
    expect(fixture.directory.removed).toHaveLength(2);
    expect(await appendError(fixture)).toBe(0);
  });

  it('answers a storage error for what cannot be created, and serves the rest', async () => {
    const fixture = new Fixture();
    fixture.start();
    fixture.directory.refusesToCreate = true;
    await fixture.apply(imageOf([topicImage('orders', ORDERS)]));
    expect(await appendError(fixture)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    fixture.directory.refusesToCreate = false;
    await fixture.apply(imageOf([topicImage('orders', OTHER)]));
    expect(await appendError(fixture)).toBe(0);
  });

  it('does not make a partition anew that may lie in a directory that failed', async () => {
    const fixture = new Fixture({ directoryCount: 2 });
    for (const directory of fixture.directories.slice(1)) directory.isOffline = true;
    fixture.start();
    await fixture.apply(imageOf([topicImage('orders', ORDERS)]));
    expect(await appendError(fixture)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(fixture.directory.scripted).toEqual([]);
    await fixture.apply(imageOf([topicImage('orders', ORDERS), topicImage('new', OTHER)]));
    expect(fixture.directory.scripted.map((log) => log.topic)).toEqual(['new']);
  });

  it('does not make a partition anew whose directory is there but cannot be read', async () => {
    const fixture = new Fixture({ directoryCount: 2 });
    fixture.directories[1]?.unreadable.add('orders-0');
    fixture.start();
    await fixture.apply(imageOf([topicImage('orders', ORDERS)]));
    expect(await appendError(fixture)).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    expect(fixture.directories.flatMap((directory) => directory.scripted)).toEqual([]);
  });
});

describe('housekeeping', () => {
  const intervals = {
    ...{ highWatermarkCheckpointMs: 100, recoveryCheckpointMs: 250, startCheckpointMs: 400, retentionCheckMs: 1000 },
    initialDelayMs: 300,
  };

  it('checkpoints the high watermarks and recovery points, and applies retention', async () => {
    const fixture = await Fixture.leading({ intervals });
    fixture.replicas.append(appendRequest([batchOf(6)]));
    fixture.directory.get('orders', 0).write();
    fixture.clock.advanceTo(1101);
    await settle();
    expect([fixture.directory.highWatermarks.get('orders-0'), fixture.directory.checkpoints]).toEqual([6, 0]);
    fixture.directory.retentionStart = 4;
    for (const timeMs of [1202, 1303, 1404, 1600, 2001]) {
      fixture.clock.advanceTo(timeMs);
      await settle();
    }
    expect(fixture.directory.checkpoints).toBeGreaterThan(1);
    expect((await fixture.replicas.fetch(fetchRequest([{ fetchOffset: 3 }])))[0]?.errorCode).toBe(
      ErrorCode.OFFSET_OUT_OF_RANGE,
    );
    expect(
      (await fixture.replicas.fetch(fetchRequest([{ fetchOffset: 6 }], { maxWaitMs: 0 })))[0]?.logStartOffset,
    ).toBe(4);
  });

  it('does its first upkeep after log.initial.task.delay.ms, the rest by its intervals', async () => {
    const fixture = await Fixture.leading({ intervals });
    const { directory } = fixture;
    const seen: number[][] = [];
    for (const timeMs of [1299, 1300, 1549, 1550, 1699, 1700, 2299, 2300]) {
      fixture.clock.advanceTo(timeMs);
      await settle();
      seen.push([timeMs, directory.checkpoints, directory.startCheckpoints, directory.retentions]);
    }
    expect(seen).toEqual([
      [1299, 0, 0, 0],
      [1300, 1, 1, 1],
      [1549, 1, 1, 1],
      [1550, 2, 1, 1],
      [1699, 2, 1, 1],
      [1700, 2, 2, 1],
      [2299, 3, 3, 1],
      [2300, 3, 3, 2],
    ]);
  });

  it('leaves a directory alone that failed', async () => {
    const fixture = await Fixture.leading({ intervals });
    fixture.directory.isOffline = true;
    fixture.clock.advanceTo(3000);
    await settle();
    expect(fixture.directory.highWatermarks.size).toBe(0);
  });

  it('stops in order: what was appended is acknowledged, the rest turned away, directories closed, no timer left', async () => {
    const fixture = await Fixture.leading({ intervals });
    const acknowledged = fixture.replicas.append(appendRequest([batchOf(2)])).completion;
    const parked = fixture.replicas.fetch(fetchRequest([{}], { minBytes: 1000 }));
    await fixture.replicas.stop(BROKER_EPOCH);
    expect(await acknowledged).toMatchObject([{ errorCode: 0, baseOffset: 0 }]);
    expect((await parked)[0]?.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect(fixture.directory.highWatermarks.get('orders-0')).toBe(2);
    expect(fixture.directory.closedWith).toBe(BROKER_EPOCH);
    expect(await appendError(fixture)).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    fixture.clock.advanceTo(10_000);
    expect(fixture.clock.pending).toBe(0);
  });
});

describe('listeners of a partition', () => {
  it('hear of each advance of the high watermark and of the end', async () => {
    const fixture = await Fixture.leading();
    const partition = fixture.replicas.partition('orders', 0);
    const heard: (number | string)[] = [];
    const other: number[] = [];
    partition?.onChange((changed) => heard.push(changed.isOpen ? changed.highWatermark : 'closed'));
    const unsubscribe = partition?.onChange((changed) => other.push(changed.highWatermark));
    fixture.replicas.append(appendRequest([batchOf(2)]));
    fixture.directory.get('orders', 0).write();
    unsubscribe?.();
    fixture.directory.get('orders', 0).fail();
    expect([heard, other]).toEqual([[2, 'closed'], [2]]);
  });
});
