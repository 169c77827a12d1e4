import { ErrorCode } from '@ks/protocol';
import { beforeEach, describe, expect, test } from 'vitest';
import { emptyClusterImage, type ClusterImage, type TopicImage } from '../core/metadata/image.ts';
import { silentLogger } from '../silent-logger.ts';
import { settled } from './coordinator-log.test-support.ts';
import { ManualClock } from './manual-clock.test-support.ts';
import {
  type MarkedPartitions,
  type MarkerJob,
  type TransactionMarker,
  TransactionMarkers,
} from './transaction-markers.ts';

/** Leaders of the partitions of topic `a`. */
let leaders: number[];
let sent: { readonly brokerId: number; readonly partitions: readonly string[] }[];
/** Error codes of partitions that are not marked yet, by `topic-partition`. */
let failing: Map<string, number>;
let completed: MarkerJob[];
let acceptsCompletion: boolean;
let clock: ManualClock;
let markers: TransactionMarkers;
/** Answers wait until the test lets them come. */
let held: (() => void)[] | undefined;

function image(): ClusterImage {
  const partitions = leaders.map((leader) => ({ leader }));
  return { ...emptyClusterImage, topicsByName: new Map([['a', { partitions } as unknown as TopicImage]]) };
}

function write(brokerId: number, asked: readonly TransactionMarker[]): Promise<readonly MarkedPartitions[]> {
  const names = asked.flatMap(({ partitions }) =>
    partitions.flatMap(({ topic, partitionIndexes }) => partitionIndexes.map((index) => `${topic}-${index}`)),
  );
  sent.push({ brokerId, partitions: names });
  const answers = asked.map(({ partitions }) =>
    partitions.map(({ topic, partitionIndexes }) => ({
      topic,
      partitions: partitionIndexes.map((partitionIndex) => ({
        partitionIndex,
        errorCode: failing.get(`${topic}-${partitionIndex}`) ?? ErrorCode.NONE,
      })),
    })),
  );
  if (held === undefined) return Promise.resolve(answers);
  const { promise, resolve } = Promise.withResolvers<readonly MarkedPartitions[]>();
  held.push(() => resolve(answers));
  return promise;
}

const job = (over: Partial<MarkerJob> = {}): MarkerJob => ({
  ...{ type: 'send-markers', transactionalId: 't', producerId: 7, producerEpoch: 3, committed: true },
  partitions: [{ topic: 'a', partitionIndexes: [0, 1, 2] }],
  ...{ clientTransactionVersion: 2, coordinatorPartition: 0, coordinatorEpoch: 1 },
  ...over,
});

beforeEach(() => {
  leaders = [1, 1, 1];
  sent = [];
  failing = new Map();
  completed = [];
  acceptsCompletion = true;
  held = undefined;
  clock = new ManualClock();
  markers = new TransactionMarkers({
    channel: { writeMarkers: write },
    ...{ image, clock, logger: silentLogger },
    completed: async (done) => {
      completed.push(done);
      return acceptsCompletion;
    },
  });
});

const pass = async (ms: number): Promise<void> => {
  clock.advanceTo(clock.monotonicMs() + ms);
  await settled();
};

describe('the markers of a transaction', () => {
  test('go to each leader once, and the coordinator is told', async () => {
    leaders = [1, 2, 1];
    markers.send(job());
    await settled();
    expect(sent).toEqual([
      { brokerId: 1, partitions: ['a-0', 'a-2'] },
      { brokerId: 2, partitions: ['a-1'] },
    ]);
    expect(completed.length).toBe(1);
    await pass(10_000);
    expect([sent.length, completed.length, clock.pending]).toEqual([2, 1, 0]);
  });

  test.each([
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.NOT_ENOUGH_REPLICAS,
    ErrorCode.REQUEST_TIMED_OUT,
    ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    ErrorCode.KAFKA_STORAGE_ERROR,
  ])('are sent again, those alone that error %i keeps back, to whoever leads by then', async (errorCode) => {
    failing.set('a-1', errorCode);
    markers.send(job());
    await settled();
    leaders = [1, 2, 1];
    await pass(100);
    expect(sent.at(-1)).toEqual({ brokerId: 2, partitions: ['a-1'] });
    expect(completed).toEqual([]);
    failing.clear();
    await pass(200);
    expect(completed.length).toBe(1);
  });

  test('wait for a leader; a partition or topic that is gone needs none', async () => {
    leaders = [1, -1];
    markers.send(job({ partitions: [...job().partitions, { topic: 'gone', partitionIndexes: [0] }] }));
    await settled();
    expect(sent).toEqual([{ brokerId: 1, partitions: ['a-0'] }]);
    leaders = [1, 1];
    await pass(100);
    expect(sent.at(-1)?.partitions).toEqual(['a-1']);
    expect(completed.length).toBe(1);
  });

  test('are not needed where a later epoch has been, and not this coordinator’s where a later one has', async () => {
    failing.set('a-0', ErrorCode.INVALID_PRODUCER_EPOCH);
    markers.send(job());
    await settled();
    expect(completed.length).toBe(1);
    failing.set('a-0', ErrorCode.TRANSACTION_COORDINATOR_FENCED);
    markers.send(job());
    await pass(10_000);
    expect([completed.length, clock.pending]).toEqual([1, 0]);
  });

  test('once written, the coordinator is told until it has noted it', async () => {
    acceptsCompletion = false;
    markers.send(job());
    await settled();
    await pass(100);
    expect([sent.length, completed.length]).toEqual([1, 2]);
    acceptsCompletion = true;
    await pass(200);
    expect([completed.length, clock.pending]).toEqual([3, 0]);
  });

  test('are never written by two: a new job for the id ends the old one, whose answers no longer count', async () => {
    held = [];
    markers.send(job());
    await settled();
    const [first] = held;
    held = undefined;
    markers.send(job({ producerEpoch: 4 }));
    await settled();
    first?.();
    await pass(10_000);
    expect(completed.map(({ producerEpoch }) => producerEpoch)).toEqual([4]);
  });

  test('end with the leadership of their coordinator', async () => {
    failing.set('a-0', ErrorCode.NOT_LEADER_OR_FOLLOWER);
    markers.send(job());
    markers.send(job({ transactionalId: 'u', coordinatorPartition: 9 }));
    await settled();
    markers.cancelOf(0);
    failing.clear();
    await pass(10_000);
    expect(completed.map(({ transactionalId }) => transactionalId)).toEqual(['u']);
  });
});
