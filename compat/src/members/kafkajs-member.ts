import kafkajs from 'kafkajs';
import type { GroupClient } from './member.ts';

export const kafkajsGroupClient: GroupClient = {
  name: 'kafkajs',
  async join(bootstrap, groupId, topic) {
    const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId, heartbeatInterval: 200, sessionTimeout: 6000, maxWaitTimeInMs: 200 });
    const received: string[] = [];
    let assigned: readonly number[] = [];
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      assigned = payload.memberAssignment[topic] ?? [];
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void received.push(String(message.value)) });
    return {
      assigned: () => assigned,
      received,
      leave: () => consumer.disconnect(),
    };
  },
};
