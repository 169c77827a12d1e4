import { ErrorCode, Produce, ZERO_UUID } from '@ks/protocol';
import { describe, expect, it } from 'vitest';
import type { AppendRequest, AppendResult } from '../runtime/replica-manager.ts';
import type { TransactionCoordinator } from '../runtime/transaction-coordinator.ts';
import { CloseConnection } from './handler.ts';
import { produce } from './produce.ts';
import { type ExchangeOptions, exchange } from './shared/exchange.test-support.ts';
import { appended, ORDERS_ID, scriptedReplicas } from './shared/replicas.test-support.ts';

const RECORDS = new Uint8Array(70).fill(1);
const TRANSACTIONAL = RECORDS.slice().fill(0x10, 22, 23);

/** Sends one batch to each of `indexes` of `orders` and answers with what `resultOf` says; also gives what was to be appended. */
async function send(options: {
  readonly version: number;
  readonly acks?: number;
  readonly indexes?: readonly number[];
  readonly topicId?: string;
  readonly transactionalId?: string;
  readonly records?: Uint8Array;
  readonly resultOf?: (index: number) => Partial<AppendResult>;
  readonly over?: Partial<ExchangeOptions>;
}) {
  const { version, indexes = [0], topicId = ORDERS_ID } = options;
  const requests: AppendRequest[] = [];
  const replicas = scriptedReplicas({
    append: (request) => {
      requests.push(request);
      const admitted = request.partitions.map((each) => appended(each, options.resultOf?.(each.partitionIndex)));
      return { admitting: undefined, admitted, completion: Promise.resolve(admitted) };
    },
  });
  const body = {
    transactionalId: options.transactionalId ?? null,
    acks: options.acks ?? -1,
    timeoutMs: 500,
    topicData: [
      {
        name: version < 13 ? 'orders' : '',
        topicId: version < 13 ? ZERO_UUID : topicId,
        partitionData: indexes.map((index) => ({ index, records: options.records ?? RECORDS })),
      },
    ],
  };
  const response = await exchange(produce, Produce, body, {
    version,
    broker: { replicas, transactions },
    ...options.over,
  });
  return { request: requests[0], partitions: response?.responses[0]?.partitionResponses, response };
}

/** Whom the append path is to ask; no test here gets that far. */
const transactions = { verifier: {} } as TransactionCoordinator;

describe('Produce', () => {
  it('appends each partition as asked and answers the offsets, in every version', async () => {
    for (let version = 3; version <= 13; version++) {
      const { request, partitions, response } = await send({ version, indexes: [2, 0] });
      expect(request).toMatchObject({ acks: -1, timeoutMs: 500, origin: 'client', apiVersion: version });
      expect(request?.partitions.map((each) => [each.topic, each.topicId, each.partitionIndex])).toEqual([
        ['orders', version < 13 ? ZERO_UUID : ORDERS_ID, 2],
        ['orders', version < 13 ? ZERO_UUID : ORDERS_ID, 0],
      ]);
      expect(request?.partitions[0]?.records).toEqual(RECORDS);
      expect(partitions?.map((each) => [each.index, each.errorCode, each.baseOffset])).toEqual([
        [2, 0, 40],
        [0, 0, 40],
      ]);
      expect(partitions?.[0]?.logStartOffset).toBe(version < 5 ? -1 : 7);
      expect(response?.responses[0]).toMatchObject(version < 13 ? { name: 'orders' } : { topicId: ORDERS_ID });
    }
  });

  it('tells why single records were refused, from v8 on', async () => {
    const refusal = {
      errorCode: ErrorCode.INVALID_RECORD,
      errorMessage: 'no key',
      recordErrors: [{ batchIndex: 3, message: 'compacted' }],
      baseOffset: -1,
    };
    const [old, since] = [
      await send({ version: 7, resultOf: () => refusal }),
      await send({ version: 8, resultOf: () => refusal }),
    ];
    expect(old.partitions?.[0]).toMatchObject({
      errorCode: ErrorCode.INVALID_RECORD,
      errorMessage: null,
      recordErrors: [],
    });
    expect(since.partitions?.[0]).toMatchObject({
      errorMessage: 'no key',
      recordErrors: [{ batchIndex: 3, batchIndexErrorMessage: 'compacted' }],
    });
  });

  it('names the new leader and where it is, from v10 on', async () => {
    const resultOf = (index: number): Partial<AppendResult> =>
      index === 0
        ? {}
        : { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, currentLeader: { leaderId: 2, leaderEpoch: 8 } };
    const old = await send({ version: 9, indexes: [0, 1], resultOf });
    expect([old.partitions?.[1]?.currentLeader.leaderId, old.response?.nodeEndpoints]).toEqual([-1, []]);
    const since = await send({ version: 10, indexes: [0, 1], resultOf });
    expect(since.partitions?.map((each) => each.currentLeader.leaderId)).toEqual([-1, 2]);
    expect(since.response?.nodeEndpoints).toEqual([{ nodeId: 2, host: 'broker.test', port: 9002, rack: null }]);
  });

  it('calls a failed disk by a name that v3 knows', async () => {
    const resultOf = () => ({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR });
    expect((await send({ version: 3, resultOf })).partitions?.[0]?.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect((await send({ version: 4, resultOf })).partitions?.[0]?.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });

  it('refuses what must not be appended, and appends nothing of it', async () => {
    const refusals = [
      [{ version: 9, acks: 2 }, ErrorCode.INVALID_REQUIRED_ACKS],
      [{ version: 9, over: { denied: ['orders'] } }, ErrorCode.TOPIC_AUTHORIZATION_FAILED],
      [{ version: 13, topicId: 'AAAAAAAAAAAAAAAAAAAACQ' }, ErrorCode.UNKNOWN_TOPIC_ID],
      [
        { version: 9, transactionalId: 'tx', over: { denied: ['tx'] } },
        ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
      ],
      [{ version: 9, records: TRANSACTIONAL }, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED],
    ] as const;
    for (const [options, errorCode] of refusals) {
      const { request, partitions } = await send(options);
      expect(partitions?.[0]).toMatchObject({ errorCode, baseOffset: -1 });
      expect(request?.partitions).toEqual([]);
    }
  });

  it('has no response to acks=0, but an error ends the connection', async () => {
    expect((await send({ version: 9, acks: 0 })).response).toBeUndefined();
    const failing = send({ version: 9, acks: 0, resultOf: () => ({ errorCode: ErrorCode.CORRUPT_MESSAGE }) });
    await expect(failing).rejects.toThrow(CloseConnection);
    await expect(send({ version: 9, acks: 0, over: { denied: ['orders'] } })).rejects.toThrow(CloseConnection);
  });

  it('holds the connection while a batch is inflated elsewhere', async () => {
    const held: Promise<unknown>[] = [];
    const admitted: AppendResult[] = [];
    const replicas = scriptedReplicas({
      append: ({ partitions }) => {
        const admitting = Promise.resolve().then(() => void admitted.push(...partitions.map((each) => appended(each))));
        return { admitting, admitted, completion: admitting.then(() => admitted) };
      },
    });
    const topicData = [{ name: 'orders', partitionData: [{ index: 0, records: RECORDS }] }];
    const response = await exchange(
      produce,
      Produce,
      { acks: 1, timeoutMs: 1, topicData },
      { version: 9, broker: { replicas }, onExclusive: (wait) => void held.push(wait) },
    );
    expect(held).toHaveLength(1);
    expect(response?.responses[0]?.partitionResponses[0]?.baseOffset).toBe(40);
  });
});
