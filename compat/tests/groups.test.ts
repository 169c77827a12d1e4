import { startEmbeddedBroker } from '@ks/broker';
import kafkajs from 'kafkajs';
import { expect } from 'vitest';
import { kafkajsGroupClient } from '../src/members/kafkajs-member.ts';
import { kcatGroupClient } from '../src/members/kcat-member.ts';
import { type Member, until } from '../src/members/member.ts';
import { platformaticGroupClient } from '../src/members/platformatic-member.ts';
import { testWith } from '../src/peers.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

const partitions = [0, 1, 2, 3];
const clients = [
  kcatGroupClient,
  kafkajsGroupClient,
  platformaticGroupClient('classic'),
  platformaticGroupClient('consumer'),
] as const;

/** Ten records for each partition, all different. */
const turn = (name: string) =>
  partitions.flatMap((partition) =>
    Array.from({ length: 10 }, (_, index) => ({ partition, value: `${name} ${partition} ${index}` })),
  );
const state =
  (...members: readonly Member[]) =>
  () =>
    members.map((one) => `[${one.assigned()}] ${one.received.length} records`).join(', ');

testWith('kcat').each(clients.map((client) => [client.name, client] as const))(
  '%s: members share a topic as they come and go, and its commits outlive the broker',
  async (_, client) => {
    await using directory = await temporaryDirectory();
    const config = {
      'group.initial.rebalance.delay.ms': '0',
      'group.consumer.min.heartbeat.interval.ms': '200',
      'group.consumer.heartbeat.interval.ms': '200',
    };
    const start = (port: number) => startEmbeddedBroker({ directory: directory.path, port, config });
    let broker = await start(0);
    const { port, bootstrap } = broker;
    const kafka = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING });
    const send = async (messages: readonly { partition: number; value: string }[]) => {
      const producer = kafka.producer();
      await producer.connect();
      await producer.send({ topic: 't', messages: [...messages] });
      await producer.disconnect();
    };
    const committed = async () => {
      const admin = kafka.admin();
      await admin.connect();
      const [found] = await admin.fetchOffsets({ groupId: 'g', topics: ['t'] });
      await admin.disconnect();
      return found?.partitions.toSorted((a, b) => a.partition - b.partition).map(({ offset }) => offset);
    };
    const members: Member[] = [];
    const join = async () => {
      const member = await client.join(bootstrap, 'g', 't');
      members.push(member);
      return member;
    };
    try {
      const admin = kafka.admin();
      await admin.connect();
      await admin.createTopics({ topics: [{ topic: 't', numPartitions: 4 }] });
      await admin.disconnect();

      const first = await join();
      await until(() => first.assigned().length === 4, state(first));
      const second = await join();
      const shared = (): boolean =>
        Math.min(first.assigned().length, second.assigned().length) > 0 &&
        new Set([...first.assigned(), ...second.assigned()]).size === 4 &&
        first.assigned().length + second.assigned().length === 4;
      await until(shared, state(first, second));

      await send(turn('a'));
      await until(() => first.received.length + second.received.length >= 40, state(first, second));
      const values = turn('a').map(({ value }) => value);
      expect([...first.received, ...second.received].sort()).toEqual([...values].sort());
      // Each partition's records came in order, to the one that had it.
      for (const member of [first, second])
        for (const partition of partitions) {
          const own = member.received.filter((value) => value.startsWith(`a ${partition} `));
          expect(own).toEqual([...own].sort());
        }

      await second.leave();
      await until(() => first.assigned().length === 4, state(first));
      const before = first.received.length;
      await send(turn('b'));
      await until(() => first.received.filter((value) => value.startsWith('b ')).length === 40, state(first));
      expect(first.received.length - before).toBe(40);
      await first.leave();
      expect(await committed()).toEqual(['20', '20', '20', '20']);

      await broker.stop();
      broker = await start(port);
      expect(await committed()).toEqual(['20', '20', '20', '20']);
      const third = await join();
      await send(turn('c'));
      await until(() => third.received.length >= 40, state(third));
      expect([...third.received].sort()).toEqual(
        turn('c')
          .map(({ value }) => value)
          .sort(),
      );
      await third.leave();
    } finally {
      await Promise.allSettled(members.map((member) => member.leave()));
      await broker.stop();
    }
  },
  240_000,
);
