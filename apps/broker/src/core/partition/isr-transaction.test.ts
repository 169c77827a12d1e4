import { describe, expect, it } from 'vitest';
import type { BrokerImage, PartitionImage } from '../metadata/image.ts';
import { emptyClusterImage } from '../metadata/image.ts';
import { isrRecord, isrTransaction, resignTransaction } from './isr-transaction.ts';

const partition: PartitionImage = {
  ...{ partitionIndex: 0, replicas: [1, 2, 3], addingReplicas: [], removingReplicas: [], isr: [1, 2, 3], elr: [] },
  ...{ lastKnownElr: [], leader: 1, leaderEpoch: 4, partitionEpoch: 7, modRevision: 50 },
};

function broker(brokerId: number, over: Partial<BrokerImage> = {}): BrokerImage {
  const about = { endpoints: [], rack: null, host: 'h', fenced: false, inControlledShutdown: false };
  return { brokerId, brokerEpoch: 10 + brokerId, uncleanBirth: false, ...about, ...over };
}

function change(over: {
  partition?: Partial<PartitionImage>;
  brokers?: readonly BrokerImage[];
  isr?: readonly number[];
}) {
  const brokers = new Map([1, 2, 3].map((id) => [id, broker(id)]));
  for (const each of over.brokers ?? []) brokers.set(each.brokerId, each);
  return {
    topicId: 't',
    partition: { ...partition, ...over.partition },
    isr: over.isr ?? [1, 2],
    effectiveMinIsr: 2,
    leader: { brokerId: 1, brokerEpoch: 11 },
    image: { ...emptyClusterImage, brokers },
  };
}

describe('the write of an ISR', () => {
  it('compares the record, the leader’s life and that of everyone it names', () => {
    const { conditions } = isrTransaction(
      change({ isr: [1], brokers: [broker(3, { brokerEpoch: -1, fenced: true })] }),
    );
    expect(conditions).toEqual([
      { key: 'partitions/t/0', modRevision: 50 },
      { key: 'live/1', createRevision: 11 },
      { key: 'live/2', createRevision: 12 },
      { key: 'live/3', createRevision: 0 },
    ]);
  });

  it('keeps who leaves eligible while fewer than the minimum are in sync, and no longer', () => {
    expect(isrRecord(change({ isr: [1, 2] }))).toMatchObject({
      isr: [1, 2],
      elr: [],
      partitionEpoch: 8,
      leaderEpoch: 4,
    });
    expect(isrRecord(change({ isr: [1] }))).toMatchObject({ isr: [1], elr: [2, 3] });
    const joining = { partition: { isr: [1], elr: [2, 3] } };
    expect(isrRecord(change({ ...joining, isr: [1, 3] }))).toMatchObject({ isr: [1, 3], elr: [] });
  });

  it('names nobody in sync or eligible who was born from an unclean stop after the record', () => {
    const reborn = { brokers: [broker(2, { brokerEpoch: 60, uncleanBirth: true })] };
    expect(isrRecord(change({ ...reborn, isr: [1, 2] }))).toMatchObject({ isr: [1], elr: [3] });
    // It has caught up since: it joins as who it is now.
    expect(isrRecord(change({ ...reborn, partition: { isr: [1, 3] }, isr: [1, 3, 2] }))).toMatchObject({
      isr: [1, 3, 2],
    });
  });

  it('gives a leadership away to an in-sync replica that lives, and to nobody else', () => {
    const value = (transaction: ReturnType<typeof resignTransaction>) => {
      const [put] = transaction?.operations ?? [];
      return put?.type === 'put' ? JSON.parse(put.value) : undefined;
    };
    const dying = { brokers: [broker(2, { inControlledShutdown: true })] };
    expect(value(resignTransaction(change(dying)))).toMatchObject({ leader: 3, leaderEpoch: 5, isr: [2, 3], elr: [] });
    expect(value(resignTransaction(change({ partition: { isr: [1, 2] } })))).toMatchObject({
      leader: 2,
      isr: [2],
      elr: [],
    });
    expect(resignTransaction(change({ partition: { isr: [1] } }))).toBeUndefined();
  });
});
