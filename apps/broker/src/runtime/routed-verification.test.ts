import { type AddPartitionsToTxn, type AnyApi, ErrorCode, type RequestOf } from '@ks/protocol';
import { beforeEach, expect, test } from 'vitest';
import { coordinatorPartition } from '../core/group/coordinator-partition.ts';
import { type ClusterImage, emptyClusterImage } from '../core/metadata/image.ts';
import { partitionsReply } from '../core/transaction/replies.ts';
import { type BrokerChannels, ChannelError } from './broker-channels.ts';
import { RemoteMarkers } from './remote-markers.ts';
import { RoutedVerification } from './routed-verification.ts';
import { silentLogger } from '../silent-logger.ts';
import type { AddPartitionsRequest, VerifyPartitionsRequest } from './transaction-coordinator.ts';

type Sent = RequestOf<typeof AddPartitionsToTxn>['transactions'];

/** Requests that were sent, and how each is answered. */
let sent: {
  readonly brokerId: number;
  readonly api: string;
  readonly request: unknown;
  readonly settle: (answer: unknown) => void;
}[];
const channels: BrokerChannels = {
  send: (brokerId: number, _lane: string, api: AnyApi, request: unknown) =>
    new Promise<never>((resolve, reject) => {
      const settle = (answer: unknown) => (answer instanceof Error ? reject(answer) : resolve(answer as never));
      sent.push({ brokerId, api: api.name, request, settle });
    }),
};
const leaders = [1, 2, -1];
const image = (): ClusterImage => {
  const partitions = leaders.map((leader, partitionIndex) => ({
    ...{ partitionIndex, replicas: [1, 2], addingReplicas: [], removingReplicas: [], isr: [1, 2], elr: [] },
    ...{ lastKnownElr: [], leader, leaderEpoch: 1, partitionEpoch: 1, modRevision: 1 },
  }));
  const topic = { name: '__transaction_state', topicId: 'x', partitions, modRevision: 1 };
  return { ...emptyClusterImage, topicsByName: new Map([[topic.name, topic]]) };
};
/** A transactional id whose coordinator is that broker. */
const idAt = (leader: number, nth = 0): string =>
  Array.from({ length: 200 }, (_, at) => `id-${at}`).filter((id) => leaders[coordinatorPartition(id, 3)] === leader)[
    nth
  ] ?? '';
const ask = (transactionalId: string, topic = 't') => ({
  ...{ transactionalId, producerId: 7, producerEpoch: 3 },
  partitions: [{ topic, partitionIndexes: [0, 1] }],
});
const transactionsOf = (request: unknown): Sent =>
  (request as { readonly transactions: Sent } | undefined)?.transactions ?? [];
const answerTo = (request: unknown, errorCode: number) => ({
  errorCode: 0,
  resultsByTransaction: transactionsOf(request).map(({ transactionalId, topics }) => ({
    transactionalId,
    topicResults: topics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode: errorCode })),
    })),
  })),
});
let verification: RoutedVerification;
beforeEach(() => {
  sent = [];
  const local = {
    addPartitions: async ({ partitions }: AddPartitionsRequest) => partitionsReply(partitions, () => 111),
    verifyPartitions: async ({ partitions }: VerifyPartitionsRequest) => partitionsReply(partitions, () => 112),
  };
  verification = new RoutedVerification({ brokerId: 1, channels, image, local });
});
const codes = async (reply: ReturnType<RoutedVerification['verifyPartitions']>): Promise<readonly number[]> =>
  (await reply).topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));

test('what this broker coordinates is asked here, what nobody does is not asked at all', async () => {
  expect(await codes(verification.verifyPartitions(ask(idAt(1))))).toEqual([112, 112]);
  expect(await codes(verification.addPartitions({ ...ask(idAt(1)), clientTransactionVersion: 2 }))).toEqual([111, 111]);
  const unavailable = ErrorCode.COORDINATOR_NOT_AVAILABLE;
  expect(await codes(verification.verifyPartitions(ask(idAt(-1))))).toEqual([unavailable, unavailable]);
  expect(sent).toEqual([]);
});

test('another coordinator is asked as it was meant: only looked, or added', async () => {
  const looked = verification.verifyPartitions(ask(idAt(2)));
  const added = verification.addPartitions({ ...ask(idAt(2, 1)), clientTransactionVersion: 2 });
  const transactions = sent.flatMap(({ request }) => transactionsOf(request));
  expect(sent.map(({ brokerId, api }) => [brokerId, api])).toEqual([
    [2, 'AddPartitionsToTxn'],
    [2, 'AddPartitionsToTxn'],
  ]);
  expect(transactions.map(({ transactionalId, verifyOnly }) => [transactionalId, verifyOnly])).toEqual([
    [idAt(2), true],
    [idAt(2, 1), false],
  ]);
  sent[0]?.settle(answerTo(sent[0].request, 0));
  sent[1]?.settle(answerTo(sent[1].request, ErrorCode.OPERATION_NOT_ATTEMPTED));
  expect(await codes(looked)).toEqual([0, 0]);
  expect(await codes(added)).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.COORDINATOR_NOT_AVAILABLE]);
});

test('what comes while four requests are under way goes together, one id once', async () => {
  const replies = Array.from({ length: 4 }, () => codes(verification.verifyPartitions(ask(idAt(2)))));
  for (const [nth, topic] of [
    [1, 'a'],
    [2, 'b'],
    [1, 'c'],
  ] as const) {
    replies.push(codes(verification.verifyPartitions(ask(idAt(2, nth), topic))));
  }
  expect(sent.length).toBe(4);
  sent[0]?.settle(answerTo(sent[0].request, 0));
  await replies[0];
  await new Promise((resolve) => setImmediate(resolve));
  expect(transactionsOf(sent[4]?.request).map(({ topics }) => topics[0]?.name)).toEqual(['a', 'b']);
  for (let at = 1; at < sent.length; at++) {
    sent[at]?.settle(answerTo(sent[at]?.request, at));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await Promise.all(replies)).map(([code]) => code)).toEqual([0, 1, 2, 3, 4, 4, 5]);
});

test('a coordinator that cannot be reached, or refuses all, is an error of every partition', async () => {
  const lost = verification.verifyPartitions(ask(idAt(2)));
  sent[0]?.settle(new ChannelError('closed', 2, 'gone'));
  expect(await codes(lost)).toEqual([ErrorCode.NETWORK_EXCEPTION, ErrorCode.NETWORK_EXCEPTION]);
  const refused = verification.verifyPartitions(ask(idAt(2)));
  sent[1]?.settle({ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, resultsByTransaction: [] });
  expect((await codes(refused))[0]).toBe(ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
});

test('markers: answers are taken by partition, what was not answered is to be tried again', async () => {
  const markers = new RemoteMarkers({ channels, logger: silentLogger });
  const marker = { producerId: 5, producerEpoch: 1, committed: true, coordinatorEpoch: 4, transactionVersion: 2 };
  const partitions = [
    { topic: 'a', partitionIndexes: [0, 1] },
    { topic: 'b', partitionIndexes: [2] },
  ];
  const retried = ErrorCode.NOT_LEADER_OR_FOLLOWER;
  const written = markers.write(2, [{ ...marker, partitions }]);
  expect(sent[0]?.request).toMatchObject({
    markers: [{ producerId: 5, transactionResult: true, coordinatorEpoch: 4 }],
  });
  const answered = [{ name: 'a', partitions: [{ partitionIndex: 1, errorCode: 0 }] }];
  sent[0]?.settle({ markers: [{ producerId: 5, topics: answered }] });
  expect((await written)[0]?.flatMap((each) => each.partitions.map(({ errorCode }) => errorCode))).toEqual([
    retried,
    0,
    retried,
  ]);
  const lost = markers.write(2, [{ ...marker, partitions }]);
  sent[1]?.settle(new ChannelError('timed-out', 2, 'silence'));
  expect((await lost)[0]?.map(({ partitions: each }) => each[0]?.errorCode)).toEqual([retried, retried]);
});
