import { type Client, connect, KafkaError, KafkaItemsError } from '@ks/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { atEachBroker, type BrokerOfTest, text, until } from '../src/client-brokers.ts';

// The admin calls of our client, at ks and at Apache Kafka alike. What needs users or an authorizer is in client-access.test.ts.

atEachBroker((start) => {
  let broker: BrokerOfTest;
  let ks: Client;
  let count = 0;

  beforeAll(async () => {
    broker = await start();
    ks = await connect({ brokers: broker.bootstrap });
  });
  afterAll(async () => {
    await ks?.close();
    await broker?.[Symbol.asyncDispose]();
  });

  async function filled(partitions = 1, each = 10): Promise<string> {
    count += 1;
    const name = `admin-${count}`;
    await ks.admin.createTopic(name, { partitions });
    await using producer = ks.producer();
    const records = Array.from({ length: partitions * each }, (_, index) => ({ partition: index % partitions }));
    await producer.sendBatch(
      name,
      records.map((record) => ({ ...record, key: null, value: 'x' })),
    );
    return name;
  }

  async function errorOf(call: Promise<unknown>): Promise<KafkaError> {
    try {
      await call;
    } catch (error) {
      if (error instanceof KafkaError) return error;
      throw error;
    }
    throw new Error('it did not fail');
  }

  describe('several things at once', () => {
    test('are each tried; the error tells of each', async () => {
      const name = await filled();
      const topics = [{ topic: 'fresh' }, { topic: name }, { topic: 'not/a/name' }];
      const error = await errorOf(ks.admin.createTopics(topics));
      expect(error).toBeInstanceOf(KafkaItemsError);
      expect(error.name).toBe('TOPIC_ALREADY_EXISTS');
      const items = error instanceof KafkaItemsError ? error.items : [];
      expect(items.map(({ item, error: failure }) => [item, failure?.name])).toEqual([
        ['fresh', undefined],
        [name, 'TOPIC_ALREADY_EXISTS'],
        ['not/a/name', 'INVALID_TOPIC_EXCEPTION'],
      ]);
      await until(async () => (await ks.admin.listTopics()).some((topic) => topic.name === 'fresh'));
      expect(await errorOf(ks.admin.createTopic(name))).not.toBeInstanceOf(KafkaItemsError);
    });
  });

  describe('topics', () => {
    test('are deleted by id', async () => {
      const name = await filled();
      const [{ topicId } = { topicId: undefined }] = await ks.admin.describeTopics([name]);
      await ks.admin.deleteTopics([{ topicId: topicId ?? '' }]);
      await until(async () => (await ks.admin.listTopics()).every((topic) => topic.name !== name));
      expect(await errorOf(ks.admin.deleteTopics([{ topicId: topicId ?? '' }]))).toMatchObject({
        name: 'UNKNOWN_TOPIC_ID',
      });
    });

    test('lose records before an offset', async () => {
      const name = await filled(3);
      const deleted = await ks.admin.deleteRecords([
        { topic: name, partition: 0, before: 4 },
        { topic: name, partition: 2, before: 'end' },
      ]);
      expect(deleted).toEqual([
        { topic: name, partition: 0, logStartOffset: 4 },
        { topic: name, partition: 2, logStartOffset: 10 },
      ]);
      const starts = await ks.admin.listOffsets(
        [0, 1, 2].map((partition) => ({ topic: name, partition, at: 'beginning' })),
      );
      expect(starts.map(({ offset }) => offset)).toEqual([4, 0, 10]);
      const beyond = ks.admin.deleteRecords([{ topic: name, partition: 1, before: 11 }]);
      expect(await errorOf(beyond)).toMatchObject({ name: 'OFFSET_OUT_OF_RANGE', topic: name, partition: 1 });
    });

    test('are elected leaders for, and moved', async () => {
      const name = await filled(2);
      const partitions = [0, 1].map((partition) => ({ topic: name, partition }));
      expect(await ks.admin.electLeaders('preferred', partitions)).toEqual(
        partitions.map((one) => ({ ...one, wasNeeded: false })),
      );
      expect(await ks.admin.electLeaders('preferred')).toEqual([]);
      const unknown = ks.admin.electLeaders('preferred', [{ topic: 'nowhere', partition: 0 }]);
      expect(await errorOf(unknown)).toMatchObject({ name: 'UNKNOWN_TOPIC_OR_PARTITION' });
      const [{ replicas } = { replicas: [] }] = (await ks.admin.describeTopics([name]))[0]?.partitions ?? [];
      await ks.admin.alterPartitionReassignments([{ topic: name, partition: 0, replicas }]);
      await until(async () => (await ks.admin.listPartitionReassignments()).length === 0);
      const nobody = ks.admin.alterPartitionReassignments([{ topic: name, partition: 0, replicas: [4711] }]);
      expect(await errorOf(nobody)).toMatchObject({ name: 'INVALID_REPLICA_ASSIGNMENT' });
      const cancelled = ks.admin.alterPartitionReassignments([{ topic: name, partition: 0, replicas: null }]);
      expect(await errorOf(cancelled)).toMatchObject({ name: 'NO_REASSIGNMENT_IN_PROGRESS' });
    });

    test('lie in log directories', async () => {
      const name = await filled(2, 20);
      const [directory] = await ks.admin.describeLogDirs({ partitions: [{ topic: name, partition: 1 }] });
      expect(directory).toMatchObject({ error: undefined });
      expect(directory?.replicas).toMatchObject([{ topic: name, partition: 1, offsetLag: 0, isFuture: false }]);
      expect(directory?.replicas[0]?.sizeBytes).toBeGreaterThan(0);
      const all = await ks.admin.describeLogDirs();
      expect(all.flatMap(({ replicas }) => replicas).filter(({ topic }) => topic === name)).toHaveLength(2);
    });
  });

  describe('configurations', () => {
    test('of topics are set, appended to and removed', async () => {
      const name = await filled();
      const value = async (key: string) => {
        const [described] = await ks.admin.describeConfigs([{ type: 'topic', name, keys: [key] }]);
        return described?.entries.map((entry) => [entry.value, entry.source])[0];
      };
      await ks.admin.alterConfigs([
        { type: 'topic', name, set: { 'retention.ms': '1234' }, append: { 'cleanup.policy': 'compact' } },
      ]);
      await until(async () => (await value('retention.ms'))?.[0] === '1234');
      expect(await value('cleanup.policy')).toEqual(['delete,compact', 'topic']);
      await ks.admin.alterConfigs([
        { type: 'topic', name, remove: ['retention.ms'], subtract: { 'cleanup.policy': 'delete' } },
      ]);
      await until(async () => (await value('retention.ms'))?.[1] !== 'topic');
      expect(await value('cleanup.policy')).toEqual(['compact', 'topic']);
      const invalid = { type: 'topic', name, set: { 'retention.ms': 'soon' } } as const;
      expect(await errorOf(ks.admin.alterConfigs([invalid]))).toMatchObject({ name: 'INVALID_CONFIG' });
      expect(await errorOf(ks.admin.alterConfigs([invalid], { validateOnly: true }))).toMatchObject({
        name: 'INVALID_CONFIG',
      });
    });

    test('tell what lies behind a value, and what it means', async () => {
      const name = await filled();
      await ks.admin.alterConfigs([{ type: 'topic', name, set: { 'retention.ms': '777' } }]);
      await until(async () => {
        const resource = { type: 'topic', name, keys: ['retention.ms'] } as const;
        const options = { includeSynonyms: true, includeDocumentation: true };
        const [entry] = (await ks.admin.describeConfigs([resource], options))[0]?.entries ?? [];
        expect(entry?.documentation).toBeTruthy();
        return entry?.synonyms.some(({ value, source }) => value === '777' && source === 'topic') === true;
      });
    });

    test('of client metrics subscriptions, groups and brokers are altered, and listed', async () => {
      await ks.admin.alterConfigs([
        { type: 'clientMetrics', name: 'every-metric', set: { metrics: '*', 'interval.ms': '5000' } },
        { type: 'group', name: 'configured', set: { 'consumer.session.timeout.ms': '46000' } },
        { type: 'broker', name: '', set: { 'log.retention.ms': '700000000' } },
      ]);
      await until(async () => (await ks.admin.listConfigResources({ types: ['clientMetrics'] })).length === 1);
      expect(await ks.admin.listConfigResources({ types: ['clientMetrics', 'group'] })).toEqual(
        expect.arrayContaining([
          { type: 'clientMetrics', name: 'every-metric' },
          { type: 'group', name: 'configured' },
        ]),
      );
      await until(async () => {
        const [described] = await ks.admin.describeConfigs([{ type: 'group', name: 'configured' }]);
        return described?.entries.find((entry) => entry.name === 'consumer.session.timeout.ms')?.value === '46000';
      });
      await ks.admin.alterConfigs([
        { type: 'clientMetrics', name: 'every-metric', remove: ['metrics', 'interval.ms'] },
        { type: 'broker', name: '', remove: ['log.retention.ms'] },
      ]);
    });
  });

  describe('groups', () => {
    test('lose members, and are described and deleted', async () => {
      const name = await filled(2);
      const group = `members-${name}`;
      const options = { group, protocol: 'classic', groupInstanceId: 'instance-1', from: 'beginning' } as const;
      const consumer = ks.consumer({ ...options, heartbeatIntervalMs: 100 });
      const aborted = new AbortController();
      let reads = 0;
      const reading = (async () => {
        for await (const _ of consumer.read({ signal: aborted.signal }, name)) reads += 1;
      })().catch((error: unknown) => error);
      await until(() => reads > 0);
      const [described] = await ks.admin.describeGroups([group]);
      expect(described).toMatchObject({ type: 'classic', state: 'Stable', members: [{ instanceId: 'instance-1' }] });
      const unknown = ks.admin.removeGroupMembers(group, [{ groupInstanceId: 'instance-2' }]);
      expect(await errorOf(unknown)).toMatchObject({ name: 'UNKNOWN_MEMBER_ID' });
      expect(await errorOf(ks.admin.deleteGroups([group]))).toMatchObject({ name: 'NON_EMPTY_GROUP' });
      aborted.abort();
      await reading;
      await consumer.close();
      // A static member stays when its consumer closes.
      await ks.admin.removeGroupMembers(group, undefined, { reason: 'a test' });
      const [empty] = await ks.admin.describeGroups([group]);
      expect(empty?.members).toEqual([]);
      const items = await errorOf(ks.admin.deleteGroups([group, 'no-such-group']));
      expect(items instanceof KafkaItemsError && items.items.map(({ error }) => error?.name)).toEqual([
        undefined,
        'GROUP_ID_NOT_FOUND',
      ]);
      expect(await errorOf(ks.admin.describeGroups([group]))).toMatchObject({ name: 'GROUP_ID_NOT_FOUND' });
    });

    test('have their offsets altered and deleted, partition by partition', async () => {
      const name = await filled(2);
      const group = `offsets-${name}`;
      const offsets = [0, 1].map((partition) => ({ topic: name, partition, offset: 3 + partition }));
      await ks.admin.alterGroupOffsets(group, offsets);
      expect(await ks.admin.listGroupOffsets(group)).toMatchObject(offsets);
      await ks.admin.deleteGroupOffsets(group, [{ topic: name, partition: 0 }]);
      expect(await ks.admin.listGroupOffsets(group)).toMatchObject(offsets.slice(1));
      const known = { topic: name, partition: 1, offset: 5 };
      const mixed = await errorOf(ks.admin.alterGroupOffsets(group, [known, { ...known, topic: 'nowhere' }]));
      const items = mixed instanceof KafkaItemsError ? mixed.items : [];
      expect(new Map(items.map(({ item, error }) => [item, error?.name]))).toEqual(
        new Map([
          [`${name}-1`, undefined],
          ['nowhere-1', 'UNKNOWN_TOPIC_OR_PARTITION'],
        ]),
      );
    });
  });

  describe('transactions', () => {
    test('are listed, described, seen in their partitions, and fenced', async () => {
      const name = await filled();
      const transactionalId = `tx-${name}`;
      const producer = ks.producer({ transactionalId });
      const aborted = await errorOf(
        producer.transaction(async (tx) => {
          await tx.send(name, { key: null, value: 'open' });
          const [described] = await ks.admin.describeTransactions([transactionalId]);
          expect(described).toMatchObject({ state: 'Ongoing', partitions: [{ topic: name, partition: 0 }] });
          const listed = await ks.admin.listTransactions({ states: ['Ongoing'] });
          expect(listed).toMatchObject([{ transactionalId, state: 'Ongoing', producerId: described?.producerId }]);
          expect(await ks.admin.listTransactions({ openForMs: 3_600_000 })).toEqual([]);
          const [partition] = await ks.admin.describeProducers([{ topic: name, partition: 0 }]);
          const open = partition?.producers.filter(({ transactionStartOffset }) => transactionStartOffset >= 0);
          expect(open).toMatchObject([{ producerId: described?.producerId, transactionStartOffset: 10 }]);
          const [fenced] = await ks.admin.fenceProducers([transactionalId]);
          expect(fenced?.producerEpoch).toBeGreaterThan(described?.producerEpoch ?? 0);
        }),
      );
      expect(aborted.name).toBe('PRODUCER_FENCED');
      await producer.close().catch(() => {});
      await until(async () => {
        const [described] = await ks.admin.describeTransactions([transactionalId]);
        return described?.state === 'CompleteAbort' || described?.state === 'Empty';
      });
      expect(await errorOf(ks.admin.describeTransactions(['no-such-id']))).toMatchObject({
        name: 'TRANSACTIONAL_ID_NOT_FOUND',
      });
      expect(await errorOf(ks.admin.listTransactions({ states: ['Undecided'] }))).toMatchObject({
        name: 'INVALID_ARGUMENT',
      });
    });

    test('that hang are ended, and readers go on', async () => {
      const name = await filled();
      const producer = ks.producer({ transactionalId: `hanging-${name}` });
      await expect(
        producer.transaction(async (tx) => {
          await tx.send(name, { key: null, value: 'hangs' });
          const [partition] = await ks.admin.describeProducers([{ topic: name, partition: 0 }]);
          const hanging = partition?.producers.find(({ transactionStartOffset }) => transactionStartOffset >= 0);
          if (hanging === undefined) throw new Error('no transaction is open');
          await ks.admin.abortTransaction({ topic: name, partition: 0, ...hanging });
          const at = [{ topic: name, partition: 0, at: 'end' }] as const;
          await until(async () => {
            const [end] = await ks.admin.listOffsets(at, { isolationLevel: 'read_committed' });
            return end?.offset === 12;
          });
          throw new Error('enough');
        }),
      ).rejects.toThrow('enough');
      await using consumer = ks.consumer({ from: 'beginning', isolationLevel: 'read_committed' });
      const values: string[] = [];
      for await (const record of consumer.read({ until: 'end' }, name)) values.push(text(record.value));
      expect(values).toEqual(Array.from({ length: 10 }, () => 'x'));
    });
  });

  describe('the cluster', () => {
    test('tells of its brokers and features', async () => {
      const cluster = await ks.admin.describeCluster({ includeFencedBrokers: true });
      expect(cluster.brokers).toMatchObject([{ isFenced: false }]);
      const { features, epoch } = await ks.admin.describeFeatures();
      expect(epoch).toBeGreaterThanOrEqual(0);
      const version = features.find((feature) => feature.name === 'transaction.version');
      expect(version?.finalized?.max).toBeGreaterThanOrEqual(2);
      const beyond = ks.admin.updateFeatures([{ name: 'transaction.version', level: 99 }]);
      expect(await errorOf(beyond)).toMatchObject({ name: 'INVALID_UPDATE_VERSION' });
      await ks.admin.updateFeatures([{ name: 'transaction.version', level: 2 }], { validateOnly: true });
      expect(await errorOf(ks.admin.unregisterBroker(4711))).toMatchObject({ name: 'BROKER_ID_NOT_REGISTERED' });
    });
  });
});
