import { type EmbeddedBroker, startEmbeddedBroker } from '@ks/broker';
import { Admin } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';

let broker: EmbeddedBroker;
let kafka: kafkajs.Kafka;
let admin: kafkajs.Admin;

beforeAll(async () => {
  broker = await startEmbeddedBroker({ config: { 'group.initial.rebalance.delay.ms': '0' } });
  kafka = new kafkajs.Kafka({ brokers: [broker.bootstrap], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 2 } });
  admin = kafka.admin();
  await admin.connect();
});
afterAll(async () => {
  await admin.disconnect();
  await broker.stop();
});

const { ConfigResourceTypes } = kafkajs;
const partitionCount = async (topic: string) =>
  (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions.length;

test('kafkajs creates, grows, describes, configures and deletes topics', async () => {
  const configEntries = [{ name: 'retention.ms', value: '900000' }];
  expect(await admin.createTopics({ topics: [{ topic: 'a', numPartitions: 2, configEntries }] })).toBe(true);
  // kafkajs tells a topic that exists by false.
  expect(await admin.createTopics({ topics: [{ topic: 'a' }] })).toBe(false);
  await expect(admin.createTopics({ topics: [{ topic: 'no/name' }] })).rejects.toThrow();
  expect(
    await admin.createTopics({ validateOnly: true, waitForLeaders: false, topics: [{ topic: 'only-checked' }] }),
  ).toBe(true);
  expect(await admin.listTopics()).toEqual(expect.arrayContaining(['a']));
  expect(await admin.listTopics()).not.toContain('only-checked');
  await admin.createPartitions({ topicPartitions: [{ topic: 'a', count: 5 }] });
  expect(await partitionCount('a')).toBe(5);
  await expect(admin.createPartitions({ topicPartitions: [{ topic: 'a', count: 2 }] })).rejects.toThrow();

  const resource = { type: ConfigResourceTypes.TOPIC, name: 'a' };
  const retention = async () =>
    (
      await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ ...resource, configNames: ['retention.ms'] }],
      })
    ).resources[0]?.configEntries;
  expect(await retention()).toMatchObject([{ configName: 'retention.ms', configValue: '900000', isDefault: false }]);
  const all = await admin.describeConfigs({ includeSynonyms: true, resources: [resource] });
  expect(all.resources[0]?.configEntries.length).toBeGreaterThan(20);
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ ...resource, configEntries: [{ name: 'retention.ms', value: '1000' }] }],
  });
  expect(await retention()).toMatchObject([{ configValue: '1000' }]);
  await expect(
    admin.alterConfigs({
      validateOnly: false,
      resources: [{ ...resource, configEntries: [{ name: 'retention.ms', value: 'soon' }] }],
    }),
  ).rejects.toThrow();

  await admin.deleteTopics({ topics: ['a'] });
  expect(await admin.listTopics()).not.toContain('a');
  await expect(admin.deleteTopics({ topics: ['a'] })).rejects.toMatchObject({
    cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
  });
});

test('kafkajs describes the cluster and deletes records', async () => {
  const cluster = await admin.describeCluster();
  expect(cluster.brokers).toMatchObject([{ host: broker.host, port: broker.port }]);
  expect(cluster.controller).toBe(cluster.brokers[0]?.nodeId);
  expect(cluster.clusterId.length).toBeGreaterThan(0);
  const producer = kafka.producer();
  await producer.connect();
  await producer.send({
    topic: 'b',
    messages: Array.from({ length: 10 }, (_, index) => ({ value: `${index}`, partition: 0 })),
  });
  await producer.disconnect();
  // kafkajs knows a leader only of topics that it has asked about.
  expect((await admin.fetchTopicOffsets('b'))[0]).toMatchObject({ low: '0', high: '10' });
  await admin.deleteTopicRecords({ topic: 'b', partitions: [{ partition: 0, offset: '4' }] });
  expect((await admin.fetchTopicOffsets('b'))[0]).toMatchObject({ low: '4', high: '10' });
});

test('kafkajs sets, describes, lists and deletes groups', async () => {
  await admin.createTopics({ topics: [{ topic: 'c', numPartitions: 2 }] });
  await admin.setOffsets({ groupId: 'g', topic: 'c', partitions: [{ partition: 1, offset: '7' }] });
  expect((await admin.fetchOffsets({ groupId: 'g', topics: ['c'] }))[0]?.partitions).toMatchObject([
    { partition: 0, offset: '-1' },
    { partition: 1, offset: '7' },
  ]);
  const consumer = kafka.consumer({ groupId: 'g', maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: 'c' });
  const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await consumer.run({ eachMessage: async () => undefined });
  await joined;
  expect((await admin.listGroups()).groups).toContainEqual({ groupId: 'g', protocolType: 'consumer' });
  const [described] = (await admin.describeGroups(['g'])).groups;
  expect(described).toMatchObject({ groupId: 'g', state: 'Stable', protocolType: 'consumer', errorCode: 0 });
  expect(described?.members.length).toBe(1);
  await expect(admin.deleteGroups(['g'])).rejects.toMatchObject({ groups: [{ groupId: 'g', errorCode: 68 }] });
  await consumer.disconnect();
  expect(await admin.deleteGroups(['g'])).toMatchObject([{ groupId: 'g', errorCode: 0 }]);
  expect((await admin.listGroups()).groups.map(({ groupId }) => groupId)).not.toContain('g');
});

test('@platformatic/kafka administers too', async () => {
  const other = new Admin({ clientId: 'compat', bootstrapBrokers: [broker.bootstrap] });
  await other.createTopics({ topics: ['d'], partitions: 3, replicas: 1 });
  expect(await other.listTopics()).toContain('d');
  expect((await other.metadata({ topics: ['d'] })).topics.get('d')?.partitionsCount).toBe(3);
  await other.deleteTopics({ topics: ['d'] });
  expect(await other.listTopics()).not.toContain('d');
  await other.close();
});
