import {
  AddOffsetsToTxn,
  AddPartitionsToTxn,
  DescribeProducers,
  DescribeTransactions,
  EndTxn,
  ErrorCode,
  InitProducerId,
  ListTransactions,
  TxnOffsetCommit,
  WriteTxnMarkers,
  ZERO_UUID,
} from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { NO_PARTITIONS, withPartitions } from '../core/transaction/topic-partitions.ts';
import type { Transaction } from '../core/transaction/transaction.ts';
import type { TransactionCoordinator } from '../runtime/transaction-coordinator.ts';
import { addOffsetsToTxn } from './add-offsets-to-txn.ts';
import { addPartitionsToTxn } from './add-partitions-to-txn.ts';
import { describeProducers } from './describe-producers.ts';
import { describeTransactions } from './describe-transactions.ts';
import { endTxn } from './end-txn.ts';
import { initProducerId } from './init-producer-id.ts';
import { listTransactions } from './list-transactions.ts';
import { exchange } from './shared/exchange.test-support.ts';
import { ordersMetadata } from './shared/groups.test-support.ts';
import { txnOffsetCommit } from './txn-offset-commit.ts';
import { writeTxnMarkers } from './write-txn-markers.ts';

// What the coordinator decides is held to Apache Kafka in compat/tests/transaction-rules.test.ts; here is what handlers add: rights, and
// the shapes of the versions.

/** A coordinator of which a test scripts what it needs; the rest throws. */
function coordinator(script: Partial<TransactionCoordinator> = {}) {
  const transactions = new Proxy(script, {
    get(target, name) {
      const scripted = Reflect.get(target, name);
      if (scripted === undefined) throw new Error(`the test does not expect ${String(name)}`);
      return scripted;
    },
  }) as TransactionCoordinator;
  return { transactions, metadata: ordersMetadata() };
}

const owner = { transactionalId: 'tx', producerId: 7, producerEpoch: 2 };
const addition = (topics: readonly string[]) => ({
  v3AndBelowTransactionalId: 'tx',
  v3AndBelowProducerId: 7,
  v3AndBelowProducerEpoch: 2,
  v3AndBelowTopics: topics.map((name) => ({ name, partitions: [0] })),
});
const batched = (topics: readonly string[], verifyOnly = false) => ({
  transactions: [{ ...owner, verifyOnly, topics: topics.map((name) => ({ name, partitions: [0] })) }],
});
const offsets = (name: string) => {
  const partitions = [{ partitionIndex: 0, committedOffset: 5, committedLeaderEpoch: -1, committedMetadata: null }];
  return { ...owner, groupId: 'g', topics: [{ name, topicId: ZERO_UUID, partitions }] };
};
const marker = { producerId: 7, producerEpoch: 2, transactionResult: true, coordinatorEpoch: 1 };

describe('who lacks the right is told so, and nothing happens', () => {
  const deny = (...denied: readonly string[]) => ({ broker: coordinator(), denied });

  test('InitProducerId', async () => {
    const ask = (transactionalId: string | null, denied: string) =>
      exchange(
        initProducerId,
        InitProducerId,
        { transactionalId, transactionTimeoutMs: 1 },
        { version: 2, ...deny(denied) },
      );
    expect((await ask('tx', 'tx'))?.errorCode).toBe(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    expect((await ask(null, 'kafka-cluster'))?.errorCode).toBe(ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
  });

  test('AddPartitionsToTxn', async () => {
    const ask = async (denied: string) => {
      const answer = await exchange(addPartitionsToTxn, AddPartitionsToTxn, addition(['orders', 'absent']), {
        version: 3,
        ...deny(denied),
      });
      return answer?.resultsByTopicV3AndBelow.map(
        ({ resultsByPartition }) => resultsByPartition[0]?.partitionErrorCode,
      );
    };
    const id = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    expect(await ask('tx')).toEqual([id, id]);
    expect(await ask('orders')).toEqual([ErrorCode.TOPIC_AUTHORIZATION_FAILED, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION]);
    const answer = await exchange(addPartitionsToTxn, AddPartitionsToTxn, batched(['orders']), {
      version: 4,
      ...deny('kafka-cluster'),
    });
    expect(answer).toMatchObject({ errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED, resultsByTransaction: [] });
  });

  test('AddOffsetsToTxn, EndTxn', async () => {
    const add = async (denied: string) =>
      (await exchange(addOffsetsToTxn, AddOffsetsToTxn, { ...owner, groupId: 'g' }, { version: 3, ...deny(denied) }))
        ?.errorCode;
    expect(await add('tx')).toBe(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    expect(await add('g')).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED);
    const end = await exchange(endTxn, EndTxn, { ...owner, committed: true }, { version: 5, ...deny('tx') });
    expect(end).toMatchObject({ errorCode: ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, producerId: -1 });
  });

  test('TxnOffsetCommit', async () => {
    const ask = async (denied: string) => {
      const answer = await exchange(txnOffsetCommit, TxnOffsetCommit, offsets('orders'), {
        version: 3,
        ...deny(denied),
      });
      return answer?.topics[0]?.partitions[0]?.errorCode;
    };
    expect(await ask('tx')).toBe(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    expect(await ask('g')).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED);
    expect(await ask('orders')).toBe(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
  });

  test('WriteTxnMarkers, DescribeTransactions, DescribeProducers', async () => {
    const topics = [{ name: 'orders', partitionIndexes: [0, 1] }];
    const written = await exchange(
      writeTxnMarkers,
      WriteTxnMarkers,
      { markers: [{ ...marker, topics }] },
      { version: 1, ...deny('kafka-cluster') },
    );
    expect(written?.markers[0]?.topics[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([31, 31]);
    const described = await exchange(
      describeTransactions,
      DescribeTransactions,
      { transactionalIds: ['tx'] },
      { version: 0, ...deny('tx') },
    );
    expect(described?.transactionStates[0]?.errorCode).toBe(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
    const producers = await exchange(
      describeProducers,
      DescribeProducers,
      { topics },
      { version: 0, ...deny('orders') },
    );
    expect(producers?.topics[0]?.partitions[0]).toMatchObject({
      errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
      activeProducers: [],
    });
  });

  test('what may not be described is left out of a description and of a list', async () => {
    const partitions = withPartitions(NO_PARTITIONS, [
      { topic: 'orders', partitionIndexes: [2, 0] },
      { topic: 'secret', partitionIndexes: [1] },
    ]);
    const transaction = { ...owner, state: 'Ongoing', timeoutMs: 5, startTimestamp: 6, partitions } as Transaction;
    const broker = coordinator({
      describeTransaction: async () => ({ type: 'describe', errorCode: 0, transaction }),
      listTransactions: async () => ({
        ...{ type: 'list', errorCode: 0 },
        transactions: ['tx', 'hidden'].map((transactionalId) => ({ transactionalId, producerId: 7, state: 'Ongoing' })),
      }),
    });
    const denied = ['secret', 'hidden'];
    const described = await exchange(
      describeTransactions,
      DescribeTransactions,
      { transactionalIds: ['tx'] },
      { version: 0, broker, denied },
    );
    expect(described?.transactionStates).toMatchObject([
      {
        transactionState: 'Ongoing',
        transactionTimeoutMs: 5,
        transactionStartTimeMs: 6,
        producerEpoch: 2,
        topics: [{ topic: 'orders', partitions: [0, 2] }],
      },
    ]);
    const listed = await exchange(
      listTransactions,
      ListTransactions,
      { stateFilters: [], producerIdFilters: [] },
      { version: 1, broker, denied },
    );
    expect(listed?.transactionStates.map(({ transactionalId }) => transactionalId)).toEqual(['tx']);
  });
});

describe('versions', () => {
  test('the protocol of a client follows from how it adds and ends', async () => {
    const seen: unknown[] = [];
    const broker = coordinator({
      addPartitions: async ({ partitions, clientTransactionVersion }) => {
        seen.push(['add', clientTransactionVersion]);
        return {
          type: 'partitions',
          topics: partitions.map(({ topic }) => ({ topic, partitions: [{ partitionIndex: 0, errorCode: 0 }] })),
        };
      },
      verifyPartitions: async ({ partitions }) => {
        seen.push('verify');
        return {
          type: 'partitions',
          topics: partitions.map(({ topic }) => ({ topic, partitions: [{ partitionIndex: 0, errorCode: 0 }] })),
        };
      },
      endTransaction: async ({ clientTransactionVersion }) => {
        seen.push(['end', clientTransactionVersion]);
        return { type: 'producer', errorCode: 0, producerId: 8, producerEpoch: 3 };
      },
      commitOffsets: async ({ addsPartition, topics, generationId, memberId }) => {
        seen.push(['commit', addsPartition, generationId, memberId, topics[0]?.partitions[0]?.metadata]);
        return {
          type: 'commit',
          topics: [{ topic: 'orders', topicId: ZERO_UUID, partitions: [{ partitionIndex: 0, errorCode: 0 }] }],
        };
      },
    });
    for (const version of [0, 3])
      await exchange(addPartitionsToTxn, AddPartitionsToTxn, addition(['orders']), { version, broker });
    await exchange(addPartitionsToTxn, AddPartitionsToTxn, batched(['orders']), { version: 4, broker });
    await exchange(addPartitionsToTxn, AddPartitionsToTxn, batched(['orders'], true), { version: 5, broker });
    for (const version of [0, 4]) {
      expect(await exchange(endTxn, EndTxn, { ...owner, committed: true }, { version, broker })).toMatchObject({
        errorCode: 0,
      });
    }
    const ended = await exchange(endTxn, EndTxn, { ...owner, committed: true }, { version: 5, broker });
    expect(ended).toMatchObject({ errorCode: 0, producerId: 8, producerEpoch: 3 });
    for (const version of [0, 5])
      await exchange(txnOffsetCommit, TxnOffsetCommit, offsets('orders'), { version, broker });
    expect(seen).toEqual([
      ...[['add', 0], ['add', 0], ['add', 2], 'verify', ['end', 0], ['end', 0], ['end', 2]],
      ...[
        ['commit', false, -1, '', ''],
        ['commit', true, -1, '', ''],
      ],
    ]);
  });

  test('markers come with their version, 0 where it is not told', async () => {
    const seen: unknown[] = [];
    const broker = coordinator({
      writeMarkers: async (markers) => {
        seen.push(...markers.map(({ transactionVersion, committed }) => [transactionVersion, committed]));
        return markers.map(() => [{ topic: 'orders', partitions: [{ partitionIndex: 0, errorCode: 52 }] }]);
      },
    });
    const topics = [{ name: 'orders', partitionIndexes: [0] }];
    await exchange(writeTxnMarkers, WriteTxnMarkers, { markers: [{ ...marker, topics }] }, { version: 1, broker });
    const answer = await exchange(
      writeTxnMarkers,
      WriteTxnMarkers,
      { markers: [{ ...marker, topics, transactionVersion: 2 }] },
      { version: 2, broker },
    );
    expect(seen).toEqual([
      [0, true],
      [2, true],
    ]);
    expect(answer?.markers).toMatchObject([
      { producerId: 7, topics: [{ name: 'orders', partitions: [{ errorCode: 52 }] }] },
    ]);
  });
});
