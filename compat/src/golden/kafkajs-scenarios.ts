import kafkajs from 'kafkajs';
import { installKafkajsCodecs } from '../kafkajs-codecs.ts';
import type { Scenario } from './scenario.ts';

const client = 'kafkajs 2.2.4';
const topic = 'golden-kafkajs';
const groupId = 'golden-kafkajs-group';
const connect = (bootstrap: string): kafkajs.Kafka =>
  new kafkajs.Kafka({ clientId: 'golden', brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING });

async function admin(bootstrap: string): Promise<void> {
  const { ConfigResourceTypes } = kafkajs;
  const one = connect(bootstrap).admin();
  await one.connect();
  try {
    await one.createTopics({
      topics: [{ topic, numPartitions: 2, configEntries: [{ name: 'retention.ms', value: '900000' }] }],
    });
    await one.createTopics({ topics: [{ topic: 'golden-gone' }] });
    await one.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await one.listTopics();
    await one.fetchTopicMetadata({ topics: [topic] });
    await one.describeCluster();
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic };
    await one.describeConfigs({
      includeSynonyms: false,
      resources: [{ ...resource, configNames: ['retention.ms', 'cleanup.policy'] }],
    });
    await one.deleteTopics({ topics: ['golden-gone'] });
    await one.alterConfigs({
      validateOnly: false,
      resources: [{ ...resource, configEntries: [{ name: 'retention.ms', value: '800000' }] }],
    });
  } finally {
    await one.disconnect();
  }
}

async function produce(bootstrap: string): Promise<void> {
  const producer = connect(bootstrap).producer();
  await producer.connect();
  try {
    await producer.send({
      topic,
      compression: kafkajs.CompressionTypes.GZIP,
      messages: [
        { key: 'key', value: 'value', headers: { h: 'v' }, partition: 0 },
        { key: 'gone', value: null, partition: 0 },
      ],
    });
  } finally {
    await producer.disconnect();
  }
}

async function consume(bootstrap: string): Promise<void> {
  const consumer = connect(bootstrap).consumer({ groupId, heartbeatInterval: 100 });
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      let count = 0;
      const eachMessage = async (): Promise<void> => {
        count += 1;
        if (count === 2) setTimeout(resolve, 500);
      };
      setTimeout(() => reject(new Error('nothing came')), 20_000);
      consumer.run({ eachMessage }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
}

async function groups(bootstrap: string): Promise<void> {
  const one = connect(bootstrap).admin();
  await one.connect();
  try {
    await one.fetchTopicOffsets(topic);
    await one.fetchTopicOffsetsByTimestamp(topic, 1_700_000_000_000);
    await one.fetchOffsets({ groupId, topics: [topic] });
    await one.listGroups();
    await one.describeGroups([groupId]);
    await one.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '1' }] });
    await one.deleteGroups([groupId]);
    await one.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '1' }] });
  } finally {
    await one.disconnect();
  }
}

async function transaction(bootstrap: string): Promise<void> {
  const producer = connect(bootstrap).producer({
    transactionalId: 'golden-kafkajs-t',
    idempotent: true,
    maxInFlightRequests: 1,
  });
  await producer.connect();
  try {
    const one = await producer.transaction();
    await one.send({ topic, messages: [{ value: 'three', partition: 0 }] });
    await one.sendOffsets({
      consumerGroupId: groupId,
      topics: [{ topic, partitions: [{ partition: 0, offset: '2' }] }],
    });
    await one.commit();
  } finally {
    await producer.disconnect();
  }
}

installKafkajsCodecs();

/** What kafkajs can say. */
export const kafkajsScenarios: readonly Scenario[] = [
  { client, what: 'admin', run: admin },
  { client, what: 'produce', run: produce },
  { client, what: 'consume in a group', run: consume },
  { client, what: 'groups', run: groups },
  { client, what: 'transaction', run: transaction },
];
