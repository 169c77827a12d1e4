import * as platformatic from '@platformatic/kafka';
import type { Scenario } from './scenario.ts';

const client = '@platformatic/kafka 2.12.1';
const topic = 'golden-platformatic';
const groupId = 'golden-platformatic-group';
const base = (bootstrap: string) => ({
  clientId: 'golden',
  bootstrapBrokers: [bootstrap],
  retries: 0,
  timeout: 10_000,
});

async function admin(bootstrap: string): Promise<void> {
  const one = new platformatic.Admin(base(bootstrap));
  try {
    await one.createTopics({ topics: [topic], partitions: 2, replicas: 1 });
    await one
      .createPartitions({ topics: [{ name: topic, count: 3, assignments: null as never }] })
      .catch(() => undefined);
    await one.metadata({ topics: [topic] });
    await one.listTopics();
    await one.describeConfigs({
      resources: [
        {
          resourceType: platformatic.ConfigResourceTypes.TOPIC,
          resourceName: topic,
          configurationKeys: ['retention.ms'],
        },
      ],
    });
    await one.describeLogDirs({ topics: [{ name: topic, partitions: [0] }] });
  } finally {
    await one.close();
  }
}

async function produce(bootstrap: string): Promise<void> {
  const producer = new platformatic.Producer({
    ...base(bootstrap),
    serializers: platformatic.stringSerializers,
    idempotent: true,
  });
  try {
    await producer.send({ messages: [{ topic, partition: 0, key: 'key', value: 'value', headers: { h: 'v' } }] });
  } finally {
    await producer.close();
  }
}

async function consume(bootstrap: string, groupProtocol: 'classic' | 'consumer'): Promise<void> {
  const consumer = new platformatic.Consumer({
    ...base(bootstrap),
    groupId: `${groupId}-${groupProtocol}`,
    groupProtocol,
    deserializers: platformatic.stringDeserializers,
    heartbeatInterval: 500,
    sessionTimeout: 10_000,
  } as never);
  try {
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest' as never, autocommit: true });
    const impatience = setTimeout(() => void stream.close().catch(() => undefined), 15_000);
    for await (const _ of stream) break;
    clearTimeout(impatience);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  } finally {
    await consumer.close(true);
  }
}

async function groups(bootstrap: string): Promise<void> {
  const one = new platformatic.Admin(base(bootstrap));
  try {
    await one.listGroups();
    await one.describeGroups({ groups: [`${groupId}-classic`] });
    await one.deleteGroups({ groups: [`${groupId}-classic`] });
    await one.deleteTopics({ topics: [topic] });
  } finally {
    await one.close();
  }
}

/** What @platformatic/kafka can say. */
export const platformaticScenarios: readonly Scenario[] = [
  { client, what: 'admin', run: admin },
  { client, what: 'produce', run: produce },
  { client, what: 'consume, classic group', run: (bootstrap) => consume(bootstrap, 'classic') },
  { client, what: 'consume, KIP-848 group', run: (bootstrap) => consume(bootstrap, 'consumer') },
  { client, what: 'groups', run: groups },
];
