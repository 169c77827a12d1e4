import {
  AlterPartitionReassignments,
  ElectLeaders,
  ErrorCode,
  ListPartitionReassignments,
  UpdateFeatures,
} from '@ks/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AdminBroker, startAdminBroker } from '../../tests/admin-broker.ts';
import { alterPartitionReassignments } from './alter-partition-reassignments.ts';
import { electLeaders } from './elect-leaders.ts';
import { listPartitionReassignments } from './list-partition-reassignments.ts';
import { exchange } from './shared/exchange.test-support.ts';
import { updateFeatures } from './update-features.ts';

let broker: AdminBroker;
beforeEach(async () => {
  broker = await startAdminBroker();
  await broker.create('t', 90);
});
afterEach(() => broker.stop());

const context = (version: number, denied: readonly string[] = []) => ({ version, broker: broker.services, denied });

describe('ElectLeaders on the only broker', () => {
  const asked = [
    { topic: 't', partitions: [0, 1, 1] },
    { topic: 'none', partitions: [0] },
  ];

  test.each([0, 1, 2])('v%i: no election is needed', async (version) => {
    const body = { ...(version > 0 ? { electionType: 0 } : {}), topicPartitions: asked, timeoutMs: 5000 };
    const answer = await exchange(electLeaders, ElectLeaders, { electionType: 0, ...body }, context(version));
    expect(answer?.errorCode).toBe(0);
    expect(answer?.replicaElectionResults.map(({ topic, partitionResult }) => [topic, partitionResult])).toMatchObject([
      ['t', [0, 1].map((partitionId) => ({ partitionId, errorCode: ErrorCode.ELECTION_NOT_NEEDED }))],
      ['none', [{ partitionId: 0, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION }]],
    ]);
  });

  test('of all partitions none is told of', async () => {
    for (const electionType of [0, 1]) {
      const body = { electionType, topicPartitions: null, timeoutMs: 5000 };
      const answer = await exchange(electLeaders, ElectLeaders, body, context(2));
      expect(answer).toMatchObject({ errorCode: 0, replicaElectionResults: [] });
    }
  });

  test('is refused as a whole', async () => {
    const ask = (electionType: number, denied: readonly string[]) =>
      exchange(electLeaders, ElectLeaders, { electionType, topicPartitions: asked, timeoutMs: 0 }, context(2, denied));
    expect((await ask(0, ['kafka-cluster']))?.errorCode).toBe(ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
    expect((await ask(2, []))?.errorCode).toBe(ErrorCode.INVALID_REQUEST);
  });
});

describe('reassignments on the only broker', () => {
  async function alter(partitions: { partitionIndex: number; replicas: number[] | null }[], denied: string[] = []) {
    const body = { timeoutMs: 5000, allowReplicationFactorChange: true, topics: [{ name: 't', partitions }] };
    return exchange(alterPartitionReassignments, AlterPartitionReassignments, body, context(1, denied));
  }

  test('to where the partitions are already are done, others refused', async () => {
    const many = Array.from({ length: 90 }, (_, partitionIndex) => ({ partitionIndex, replicas: [0] }));
    const answer = await alter([...many, { partitionIndex: 0, replicas: [7] }, { partitionIndex: 1, replicas: null }]);
    expect(answer?.errorCode).toBe(0);
    expect(answer?.responses[0]?.partitions.map(({ errorCode }) => errorCode)).toEqual([
      ...many.map(() => 0),
      ...[ErrorCode.INVALID_REPLICA_ASSIGNMENT, ErrorCode.NO_REASSIGNMENT_IN_PROGRESS],
    ]);
    expect((await alter([], ['kafka-cluster']))?.errorCode).toBe(ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
  });

  test('are listed while they are under way', async () => {
    const list = (topics: { name: string; partitionIndexes: number[] }[] | null, denied: string[] = []) =>
      exchange(listPartitionReassignments, ListPartitionReassignments, { timeoutMs: 0, topics }, context(0, denied));
    expect(await list(null)).toMatchObject({ errorCode: 0, topics: [] });
    const { topicId } = broker.node.loader.image().topicsByName.get('t') ?? { topicId: '' };
    const record = { replicas: [0, 1], addingReplicas: [1], removingReplicas: [], isr: [0], elr: [], lastKnownElr: [] };
    const value = JSON.stringify({ ...record, leader: 0, leaderEpoch: 0, partitionEpoch: 1 });
    await broker.write({ type: 'put', key: `partitions/${topicId}/3`, value });
    const moving = { partitionIndex: 3, replicas: [0, 1], addingReplicas: [1], removingReplicas: [] };
    expect((await list(null))?.topics).toEqual([{ name: 't', partitions: [moving] }]);
    const named = [
      { name: 't', partitionIndexes: [3, 3, 4, 99] },
      { name: 'none', partitionIndexes: [0] },
    ];
    expect((await list(named))?.topics).toEqual([{ name: 't', partitions: [moving] }]);
    expect((await list(null, ['kafka-cluster']))?.errorCode).toBe(ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
  });
});

describe('UpdateFeatures', () => {
  const [UPGRADE, SAFE_DOWNGRADE] = [1, 2];

  async function update(
    levels: Readonly<Record<string, number>>,
    options: { type?: number; version?: number; only?: boolean; denied?: string[] } = {},
  ) {
    const { type = UPGRADE, version = 2, only = false, denied = [] } = options;
    const featureUpdates = Object.entries(levels).map(([feature, maxVersionLevel]) => ({
      ...{ feature, maxVersionLevel },
      ...(version > 0 ? { upgradeType: type } : { allowDowngrade: type !== UPGRADE }),
    }));
    const body = { timeoutMs: 5000, featureUpdates, ...(version > 0 ? { validateOnly: only } : {}) };
    return exchange(updateFeatures, UpdateFeatures, body, context(version, denied));
  }
  const finalized = () => Object.fromEntries(broker.node.loader.image().features);

  test('changes levels, all or none', async () => {
    expect((await update({ 'group.version': 1 }))?.errorCode).toBe(0);
    expect(finalized()).toEqual({ 'group.version': 1 });
    const mixed = await update({ 'transaction.version': 1, 'no.such': 1 });
    expect(mixed?.errorCode).toBe(ErrorCode.INVALID_UPDATE_VERSION);
    expect(finalized()).toEqual({ 'group.version': 1 });
    expect((await update({ 'transaction.version': 2 }, { only: true }))?.errorCode).toBe(0);
    expect((await update({ 'group.version': 1, 'transaction.version': 1 }))?.errorCode).toBe(0);
    expect(finalized()).toEqual({ 'group.version': 1, 'transaction.version': 1 });
    expect(broker.node.loader.image().clusterId).toBe(broker.services.clusterId);
  });

  test('lowers a level only where the request allows it', async () => {
    await update({ 'group.version': 1 });
    expect((await update({ 'group.version': 0 }))?.errorCode).toBe(ErrorCode.INVALID_UPDATE_VERSION);
    expect((await update({ 'group.version': 0 }, { type: SAFE_DOWNGRADE }))?.errorCode).toBe(0);
    expect(finalized()).toEqual({ 'group.version': 0 });
  });

  test('tells older clients of each feature where all is well', async () => {
    for (const version of [0, 1]) {
      const done = await update({ 'group.version': 1 }, { version });
      expect([done?.errorCode, done?.results.map(({ feature }) => feature)]).toEqual([0, ['group.version']]);
      const refused = await update({ 'group.version': 1, 'no.such': 1 }, { version });
      expect([refused?.errorCode, refused?.results]).toEqual([ErrorCode.INVALID_UPDATE_VERSION, []]);
    }
    const lowered = await update({ 'group.version': 0 }, { version: 0, type: SAFE_DOWNGRADE });
    expect(lowered?.errorCode).toBe(ErrorCode.INVALID_UPDATE_VERSION);
  });

  test('refuses levels beyond the release, unknown upgrade types, and who may not', async () => {
    expect((await update({ 'group.version': 9 }))?.errorCode).toBe(ErrorCode.INVALID_UPDATE_VERSION);
    expect((await update({ 'group.version': 1 }, { type: 7 }))?.errorCode).toBe(ErrorCode.INVALID_UPDATE_VERSION);
    expect((await update({ 'group.version': 1 }, { denied: ['kafka-cluster'] }))?.errorCode).toBe(
      ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
    );
  });
});
