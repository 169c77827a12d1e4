import { ErrorCode, Fetch, ZERO_UUID } from '@ks/protocol';
import { describe, expect, it } from 'vitest';
import { FetchSessionCache } from '../core/fetch-session/session-cache.ts';
import type { WirePart } from '../ports/wire-part.ts';
import type { FetchRequest, FetchResult } from '../runtime/replica-manager.ts';
import { ManualClock } from '../runtime/manual-clock.test-support.ts';
import { fetch } from './fetch.ts';
import { type ExchangeOptions, exchange } from './shared/exchange.test-support.ts';
import { fetched, ORDERS_ID, scriptedReplicas } from './shared/replicas.test-support.ts';

function memory(...views: number[][]): WirePart & { released: number } {
  const part = {
    kind: 'memory' as const,
    sizeBytes: views.flat().length,
    views: views.map((view) => Uint8Array.from(view)),
    released: 0,
    release: () => void part.released++,
  };
  return part;
}

function file(bytes: number[]): WirePart & { released: number } {
  const part = {
    kind: 'file' as const,
    sizeBytes: bytes.length,
    released: 0,
    read: async (into: Uint8Array, at: number) => into.set(bytes.slice(at, at + into.length)),
    release: () => void part.released++,
  };
  return part;
}

function sessions(slotsMax = 10): FetchSessionCache {
  let next = 0;
  return new FetchSessionCache({ slotsMax, partitionsMax: 100, random: () => next++ });
}

async function ask(options: {
  readonly version: number;
  readonly indexes?: readonly number[];
  readonly topicId?: string;
  readonly session?: readonly [id: number, epoch: number];
  readonly forget?: readonly number[];
  readonly fetchSessions?: FetchSessionCache;
  readonly resultOf?: (index: number) => Partial<FetchResult>;
  readonly over?: Partial<ExchangeOptions>;
}) {
  const { version, indexes = [0], topicId = ORDERS_ID, fetchSessions = sessions(), forget = [] } = options;
  const requests: FetchRequest[] = [];
  const replicas = scriptedReplicas({
    fetch: async (request) => {
      requests.push(request);
      return request.partitions.map((each) => fetched(each, options.resultOf?.(each.partitionIndex)));
    },
  });
  const topic = { topic: version < 13 ? 'orders' : '', topicId: version < 13 ? ZERO_UUID : topicId };
  const partition = { currentLeaderEpoch: -1, fetchOffset: 12, lastFetchedEpoch: -1, partitionMaxBytes: 1000 };
  const body = {
    maxWaitMs: 400,
    minBytes: 1,
    maxBytes: 5000,
    isolationLevel: 1,
    ...(version < 7 ? {} : { sessionId: options.session?.[0] ?? 0, sessionEpoch: options.session?.[1] ?? -1 }),
    topics: [{ ...topic, partitions: indexes.map((index) => ({ ...partition, partition: index })) }],
    forgottenTopicsData: forget.length === 0 ? [] : [{ ...topic, partitions: [...forget] }],
  };
  const broker = { replicas, fetchSessions, clock: new ManualClock() };
  const response = await exchange(fetch, Fetch, body, { version, broker, ...options.over });
  return { request: requests[0], partitions: response?.responses[0]?.partitions, response };
}

describe('Fetch', () => {
  it('asks for what the request says and answers in its shape, in every version', async () => {
    for (let version = 4; version <= 18; version++) {
      const { request, partitions, response } = await ask({ version, indexes: [1, 0] });
      expect(request).toMatchObject({ replicaId: -1, maxWaitMs: 400, minBytes: 1, maxBytes: 5000, isolationLevel: 1 });
      expect(request?.partitions.map((each) => [each.topic, each.partitionIndex, each.fetchOffset])).toEqual([
        ['orders', 1, 12],
        ['orders', 0, 12],
      ]);
      expect(response).toMatchObject({ errorCode: 0, sessionId: 0, throttleTimeMs: 0 });
      expect(response?.responses[0]).toMatchObject(version < 13 ? { topic: 'orders' } : { topicId: ORDERS_ID });
      expect(partitions?.map((each) => each.partitionIndex)).toEqual([1, 0]);
      expect(partitions?.[0]).toMatchObject({
        errorCode: 0,
        highWatermark: 50,
        lastStableOffset: 50,
        logStartOffset: version < 5 ? -1 : 7,
        abortedTransactions: null,
        preferredReadReplica: -1,
      });
      expect(partitions?.[0]?.records).toHaveLength(0);
    }
  });

  it('sends pieces of memory and of files as one run of bytes and lets go of each once', async () => {
    const parts = [file([1, 2, 3]), memory([4], [5, 6]), memory([7])];
    const { partitions } = await ask({ version: 12, resultOf: () => ({ records: parts, sizeBytes: 7 }) });
    expect([...(partitions?.[0]?.records ?? [])]).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(parts.map((part) => part.released)).toEqual([1, 1, 1]);
    const inMemory = [memory([4], [5, 6]), memory([7])];
    const second = await ask({ version: 12, resultOf: () => ({ records: inMemory, sizeBytes: 4 }) });
    expect([...(second.partitions?.[0]?.records ?? [])]).toEqual([4, 5, 6, 7]);
    expect(inMemory.map((part) => part.released)).toEqual([1, 1]);
  });

  it('begins a session, answers in it what is new, and ends it', async () => {
    const fetchSessions = sessions();
    for (const version of [11, 18]) {
      const within = { version, fetchSessions };
      const first = await ask({ ...within, session: [0, 0], indexes: [0, 1] });
      const id = first.response?.sessionId ?? 0;
      expect([id > 0, first.partitions?.length]).toEqual([true, 2]);
      const changed = await ask({
        ...within,
        session: [id, 1],
        indexes: [],
        resultOf: (index) => ({ highWatermark: 50 + index }),
      });
      expect(changed.request?.partitions.map((each) => [each.topic, each.partitionIndex, each.fetchOffset])).toEqual([
        ['orders', 0, 12],
        ['orders', 1, 12],
      ]);
      expect(changed.response).toMatchObject({ errorCode: 0, sessionId: id });
      expect(changed.response?.responses).toHaveLength(1);
      expect(changed.partitions?.map((each) => each.partitionIndex)).toEqual([1]);
      const forgotten = await ask({ ...within, session: [id, 2], indexes: [], forget: [1] });
      expect(forgotten.response?.responses).toEqual([]);
      expect(forgotten.request?.partitions.map((each) => each.partitionIndex)).toEqual([0]);
      const last = await ask({ ...within, session: [id, -1] });
      expect(last.response).toMatchObject({ errorCode: 0, sessionId: 0 });
      const over = await ask({ ...within, session: [id, 3] });
      expect(over.response).toMatchObject({ errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND, responses: [] });
      expect(over.request).toBeUndefined();
    }
  });

  it('answers a reader without a session in full each time', async () => {
    const fetchSessions = sessions(0);
    for (const session of [
      [0, -1],
      [0, 0],
      [77, 0],
    ] as const) {
      const { response, partitions } = await ask({ version: 11, session, fetchSessions });
      expect([response?.errorCode, response?.sessionId, partitions?.length]).toEqual([0, 0, 1]);
    }
  });

  it('lets go of what was read for a request that a later one of its session overtook', async () => {
    const fetchSessions = sessions();
    const id = (await ask({ version: 12, session: [0, 0], fetchSessions })).response?.sessionId ?? 0;
    const part = memory([1]);
    const overtaken = await ask({
      ...{ version: 12, session: [id, 1] as const, indexes: [], fetchSessions },
      resultOf: () => {
        const request = { usesTopicIds: false, isFollower: false, positions: [], forgotten: [] };
        fetchSessions.open({ ...request, sessionId: id, sessionEpoch: 2 }, 0);
        return { records: [part], sizeBytes: 1 };
      },
    });
    expect(overtaken.response).toMatchObject({ errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH, responses: [] });
    expect(part.released).toBe(1);
  });

  it('refuses a topic beside the others', async () => {
    const denied = await ask({ version: 12, over: { denied: ['orders'] } });
    expect(denied.partitions?.[0]).toMatchObject({
      errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED,
      highWatermark: -1,
    });
    expect(denied.request).toMatchObject({ partitions: [] });
    const unknown = await ask({ version: 13, topicId: 'AAAAAAAAAAAAAAAAAAAACQ' });
    expect(unknown.partitions?.[0]?.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_ID);
    const beyond = await ask({ version: 12, indexes: [3, 0] });
    expect(beyond.partitions?.map((each) => each.errorCode)).toEqual([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 0]);
    expect(beyond.request?.partitions.map((each) => each.partitionIndex)).toEqual([0]);
  });

  it('names the leader from v12 and where it is from v16 on', async () => {
    const resultOf = () => ({
      errorCode: ErrorCode.FENCED_LEADER_EPOCH,
      currentLeader: { leaderId: 2, leaderEpoch: 8 },
    });
    expect((await ask({ version: 11, resultOf })).partitions?.[0]?.currentLeader.leaderId).toBe(-1);
    const v12 = await ask({ version: 12, resultOf });
    expect(v12.partitions?.[0]?.currentLeader).toEqual({ leaderId: 2, leaderEpoch: 8 });
    expect(v12.response?.nodeEndpoints).toEqual([]);
    const v16 = await ask({ version: 16, resultOf });
    expect(v16.response?.nodeEndpoints).toEqual([{ nodeId: 2, host: 'broker.test', port: 9002, rack: null }]);
  });

  it('tells of a divergence, and calls a failed disk by a name that v5 knows', async () => {
    const diverged = await ask({ version: 12, resultOf: () => ({ divergingEpoch: { epoch: 2, endOffset: 9 } }) });
    expect(diverged.partitions?.[0]?.divergingEpoch).toEqual({ epoch: 2, endOffset: 9 });
    const resultOf = () => ({ errorCode: ErrorCode.KAFKA_STORAGE_ERROR });
    expect((await ask({ version: 5, resultOf })).partitions?.[0]?.errorCode).toBe(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    expect((await ask({ version: 6, resultOf })).partitions?.[0]?.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
  });
});
