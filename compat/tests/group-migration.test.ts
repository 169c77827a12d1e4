import { startEmbeddedBroker } from '@ks/broker';
import kafkajs from 'kafkajs';
import { expect } from 'vitest';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { kafkaTool } from '../src/kafka/kafka-tool.ts';
import { javaGroupClient } from '../src/members/java-member.ts';
import { type GroupClient, type Member, until } from '../src/members/member.ts';
import { testWith } from '../src/peers.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

const cooperative = {
  'partition.assignment.strategy': 'org.apache.kafka.clients.consumer.CooperativeStickyAssignor',
};
const state =
  (...members: readonly Member[]) =>
  () =>
    members.map((one) => `[${one.assigned()}] ${one.received.length} records`).join(', ');

testWith('Kafka').each([
  ['eager', javaGroupClient('classic')],
  ['cooperative', javaGroupClient('classic', cooperative)],
] satisfies [string, GroupClient][])(
  "Java's consumer moves a group to the new protocol and back, with %s members, and every record is read once",
  { timeout: 120_000 },
  async (_kind, old) => {
    await fetchKafka();
    await using directory = await temporaryDirectory();
    const config = {
      'group.initial.rebalance.delay.ms': '0',
      'group.consumer.assignment.interval.ms': '0',
      'group.consumer.min.heartbeat.interval.ms': '200',
      'group.consumer.heartbeat.interval.ms': '200',
    };
    const start = (port: number) => startEmbeddedBroker({ directory: directory.path, port, config });
    let broker = await start(0);
    const { bootstrap, port } = broker;
    const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING });
    const send = async (name: string): Promise<void> => {
      const producer = kafka.producer();
      await producer.connect();
      const messages = Array.from({ length: 40 }, (_each, at) => ({ partition: at % 4, value: `${name} ${at}` }));
      await producer.send({ topic: 'moving', messages });
      await producer.disconnect();
    };
    const described = () =>
      kafkaTool('kafka-consumer-groups', ['--bootstrap-server', bootstrap, '--describe', '--group', 'g', '--members']);
    const members: Member[] = [];
    const join = async (client: GroupClient, topic = 'moving'): Promise<Member> => {
      const member = await client.join(bootstrap, 'g', topic);
      members.push(member);
      return member;
    };
    try {
      const admin = kafka.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic: 'moving', numPartitions: 4 }] });
      await admin.disconnect();

      const first = await join(old);
      await until(() => first.assigned().length === 4, state(first));
      await send('a');
      await until(() => first.received.length === 40, state(first));
      // By a regular expression that the broker evaluates.
      const second = await join(javaGroupClient('consumer'), 're:mov.*');
      await until(() => first.assigned().length === 2 && second.assigned().length === 2, state(first, second));
      expect((await described()).match(/ 2 /g)).toHaveLength(2);
      await send('b');
      await until(() => first.received.length + second.received.length === 80, state(first, second));

      await broker.stop();
      broker = await start(port);
      await send('c');
      await until(() => first.received.length + second.received.length === 120, state(first, second));
      await second.leave();
      await until(() => first.assigned().length === 4, state(first));
      await send('d');
      await until(() => first.received.length + second.received.length === 160, state(first, second));
      expect(new Set([...first.received, ...second.received]).size).toBe(160);
      await first.leave();
    } finally {
      await Promise.allSettled(members.map((member) => member.leave()));
      await broker.stop();
    }
  },
);
