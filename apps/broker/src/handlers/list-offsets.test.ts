import { ErrorCode, ListOffsets } from '@ks/protocol';
import { describe, expect, it } from 'vitest';
import type { ListOffsetRequest, ListOffsetResult } from '../runtime/replica-manager.ts';
import { listOffsets } from './list-offsets.ts';
import { type ExchangeOptions, exchange } from './shared/exchange.test-support.ts';
import { scriptedReplicas } from './shared/replicas.test-support.ts';

async function ask(options: {
  readonly version: number;
  readonly timestamp?: number;
  readonly indexes?: readonly number[];
  readonly result?: Partial<ListOffsetResult>;
  readonly over?: Partial<ExchangeOptions>;
}) {
  const { version, timestamp = -1, indexes = [0] } = options;
  const asked: ListOffsetRequest[] = [];
  const replicas = scriptedReplicas({
    listOffset: async (request) => {
      asked.push(request);
      const { topic, topicId, partitionIndex } = request;
      const found = { errorCode: 0, timestampMs: 900, offset: 100 + partitionIndex, leaderEpoch: 3 };
      return { topic, topicId, partitionIndex, ...found, ...options.result };
    },
  });
  const partitions = indexes.map((partitionIndex) => ({ partitionIndex, timestamp }));
  const body = { replicaId: -1, isolationLevel: version < 2 ? 0 : 1, topics: [{ name: 'orders', partitions }] };
  const input = version < 10 ? body : { ...body, timeoutMs: 100 };
  const response = await exchange(
    listOffsets,
    ListOffsets,
    { timeoutMs: 0, ...input },
    { version, broker: { replicas }, ...options.over },
  );
  return { asked, partitions: response?.topics[0]?.partitions };
}

describe('ListOffsets', () => {
  it('answers each partition in order, with the leader epoch from v4 on', async () => {
    const many = Array.from({ length: 40 }, (_, index) => index);
    for (let version = 1; version <= 11; version++) {
      const { asked, partitions } = await ask({ version, timestamp: 5000, indexes: many });
      expect(asked[0]).toMatchObject({ topic: 'orders', timestampMs: 5000, isolationLevel: version < 2 ? 0 : 1 });
      expect(partitions?.map((each) => each.offset)).toEqual(many.map((index) => 100 + index));
      expect(partitions?.[0]).toMatchObject({ errorCode: 0, timestamp: 900, leaderEpoch: version < 4 ? -1 : 3 });
    }
  });

  it('knows each marker from its version on and refuses others', async () => {
    const since = [
      [-1, 1],
      [-2, 1],
      [-3, 7],
      [-4, 8],
      [-5, 9],
      [-6, 11],
      [-7, 99],
    ] as const;
    for (const [timestamp, first] of since) {
      for (let version = 1; version <= 11; version++) {
        const { asked, partitions } = await ask({ version, timestamp });
        expect(partitions?.[0]?.errorCode).toBe(version < first ? ErrorCode.UNSUPPORTED_VERSION : 0);
        expect(asked).toHaveLength(version < first ? 0 : 1);
      }
    }
  });

  it('tells older clients of an offset that is not available yet in words they know', async () => {
    const result = { errorCode: ErrorCode.OFFSET_NOT_AVAILABLE, offset: -1 };
    expect((await ask({ version: 4, result })).partitions?.[0]?.errorCode).toBe(ErrorCode.LEADER_NOT_AVAILABLE);
    expect((await ask({ version: 5, result })).partitions?.[0]?.errorCode).toBe(ErrorCode.OFFSET_NOT_AVAILABLE);
  });

  it('refuses what may not be described, and a partition that is named twice', async () => {
    const denied = await ask({ version: 7, over: { denied: ['orders'] } });
    expect(denied.partitions?.[0]).toMatchObject({ errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, offset: -1 });
    const twice = await ask({ version: 7, indexes: [0, 1, 0] });
    expect(twice.partitions?.map((each) => each.errorCode)).toEqual([
      ErrorCode.INVALID_REQUEST,
      0,
      ErrorCode.INVALID_REQUEST,
    ]);
    expect(twice.asked).toHaveLength(1);
  });
});
