import { createConnection } from 'node:net';
import { startEmbeddedBroker } from '@ks/broker';
import { type Client, codecs, connect, KafkaError, rangeAssignor, topic } from '@ks/client';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { atEachBroker, type BrokerOfTest, text, until } from '../src/client-brokers.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

// Members of groups: our client's, among themselves and beside kafkajs's, on our broker and on Apache Kafka.

atEachBroker((start) =>
  describe.each(['classic', 'consumer'] as const)('protocol %s', (protocol) => members(start, protocol)),
);

/** The tests of a broker, and of how it runs groups. */
function members(start: () => Promise<BrokerOfTest>, protocol: 'classic' | 'consumer'): void {
  const member = { protocol, from: 'beginning', heartbeatIntervalMs: 100 } as const;
  let broker: BrokerOfTest;
  let ks: Client;
  let count = 0;

  beforeAll(async () => {
    broker = await start();
    ks = await connect({ brokers: broker.bootstrap });
  });
  afterAll(async () => {
    await ks.close();
    await broker[Symbol.asyncDispose]();
  });

  /** A topic whose records say which partition and offset they have, and a group for it. */
  async function filled(partitions: number, each: number): Promise<{ name: string; group: string; all: string[] }> {
    count += 1;
    const [name, group] = [`groups-${count}`, `group-${count}`];
    await ks.admin.createTopic(name, { partitions });
    await using producer = ks.producer();
    const all: string[] = [];
    for (let partition = 0; partition < partitions; partition += 1) {
      const values = Array.from({ length: each }, (_, index) => `${partition}/${index}`);
      all.push(...values);
      await producer.sendBatch(
        name,
        values.map((value) => ({ partition, key: null, value: codecs.string.encode(value) })),
      );
    }
    return { name, group, all };
  }

  const committed = async (group: string): Promise<number> =>
    (await ks.admin.listGroupOffsets(group)).reduce((sum, { offset }) => sum + offset, 0);

  describe('a group of one', () => {
    test('reads all there is, commits what is done, and the next member goes on behind it', async () => {
      const { name, group, all } = await filled(3, 10);
      const seen: string[] = [];
      {
        await using consumer = ks.consumer({ ...member, group });
        for await (const record of consumer.read(name)) {
          seen.push(text(record.value));
          if (seen.length === 17) break;
        }
      }
      // The one in hand when the reader left is not done.
      expect(await committed(group)).toBe(16);
      await using next = ks.consumer({ ...member, group });
      const rest: string[] = [];
      for await (const record of next.read({ until: 'end' }, name)) rest.push(text(record.value));
      expect([...seen.slice(0, 16), ...rest].sort()).toEqual(all.toSorted());
    });

    test('reads typed topics, and by the batch', async () => {
      count += 1;
      const orders = topic(`typed-${count}`, {});
      const group = `typed-${count}`;
      await ks.admin.createTopic(orders, { partitions: 1 });
      await ks.producer().sendBatch(orders, [
        { key: 'a', value: { cents: 5 } },
        { key: 'b', value: { cents: 7 } },
      ]);
      await using consumer = ks.consumer({ ...member, group });
      for await (const batch of consumer.batches({ until: 'end' }, orders)) {
        expect([...batch.records()].map(({ key, value }) => [key, value])).toEqual([
          ['a', { cents: 5 }],
          ['b', { cents: 7 }],
        ]);
      }
      await consumer.commit();
      expect(await committed(group)).toBe(2);
    });

    test('by hand it commits when told, and only then', async () => {
      const { name, group } = await filled(1, 5);
      {
        await using consumer = ks.consumer({ ...member, group, autoCommitIntervalMs: false });
        let seen = 0;
        for await (const _ of consumer.read(name)) {
          seen += 1;
          if (seen === 3) await consumer.commit();
          if (seen === 5) break;
        }
      }
      expect(await committed(group)).toBe(2);
    });

    test('a signal ends the wait for partitions and for records; the group is left', async () => {
      const { name, group } = await filled(1, 1);
      const controller = new AbortController();
      const consumer = ks.consumer({ ...member, from: 'end', group });
      const reading = (async () => {
        for await (const _ of consumer.read({ signal: controller.signal }, name)) throw new Error('nothing is new');
      })();
      await until(async () => (await stateOf(group)) === 'Stable');
      controller.abort();
      await expect(reading).rejects.toMatchObject({ name: 'ABORTED' });
      await consumer.close();
      expect(await stateOf(group)).not.toBe('Stable');
    });

    test('misuse is told', async () => {
      const { name, group } = await filled(1, 1);
      await using consumer = ks.consumer({ ...member, group });
      await expect(consumer.read().next()).rejects.toThrow(/name at least one/);
      for await (const _ of consumer.read({ until: 'end' }, name)) break;
      await expect(consumer.read('other').next()).rejects.toThrow(KafkaError);
    });
  });

  async function stateOf(group: string): Promise<string | undefined> {
    return (await ks.admin.listGroups()).find(({ groupId }) => groupId === group)?.state;
  }

  describe('members of one group', () => {
    test('share the partitions; when one leaves, the other has them all; every record is read', async () => {
      const { name, group, all } = await filled(4, 50);
      const options = { ...member, group };
      const [one, other] = [ks.consumer(options), ks.consumer(options)];
      const seen = new Set<string>();
      const read = async (consumer: typeof one): Promise<void> => {
        for await (const record of consumer.read(name)) seen.add(text(record.value));
      };
      const readings = [read(one), read(other)];
      await until(async () => one.assignment().length === 2 && other.assignment().length === 2);
      const parts = [...one.assignment(), ...other.assignment()].map(({ partition }) => partition);
      expect(parts.sort()).toEqual([0, 1, 2, 3]);
      await until(async () => seen.size === all.length);
      await one.close();
      await until(async () => other.assignment().length === 4);
      await using producer = ks.producer();
      await producer.sendBatch(
        name,
        [0, 1, 2, 3].map((partition) => ({ partition, key: null, value: codecs.string.encode(`${partition}/new`) })),
      );
      await until(async () => seen.size === all.length + 4);
      await other.close();
      await Promise.all(readings);
      expect(await committed(group)).toBe(all.length + 4);
    });

    test('a rebalance waits for the record in hand: nothing is read twice', async () => {
      const { name, group, all } = await filled(2, 30);
      const options = { ...member, group, heartbeatIntervalMs: 50 };
      const one = ks.consumer(options);
      const seen: string[] = [];
      const read = async (consumer: typeof one): Promise<void> => {
        for await (const record of consumer.read(name)) {
          seen.push(text(record.value));
          await new Promise((resolve) => setTimeout(resolve, 15));
        }
      };
      const readings = [read(one)];
      await until(async () => seen.length > 5);
      const other = ks.consumer(options);
      readings.push(read(other));
      await until(async () => seen.length >= all.length);
      await Promise.all([one.close(), other.close()]);
      await Promise.all(readings);
      expect(seen.toSorted()).toEqual(all.toSorted());
    });

    test.runIf(protocol === 'classic')('of two clients agree on an assignor: ours beside one of kafkajs', async () => {
      const { name, group, all } = await filled(4, 25);
      // kafkajs has its own round robin; ours takes part under its name.
      const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
      const theirs = kafka.consumer({ groupId: group, heartbeatInterval: 100, maxWaitTimeInMs: 100 });
      const seen = new Set<string>();
      await theirs.connect();
      await theirs.subscribe({ topic: name, fromBeginning: true });
      await theirs.run({ eachMessage: async ({ message }) => void seen.add(text(message.value)) });
      const named = { ...rangeAssignor, name: 'RoundRobinAssigner' };
      const ours = ks.consumer({ group, from: 'beginning', heartbeatIntervalMs: 100, assignors: [named] });
      const reading = (async () => {
        for await (const record of ours.read(name)) seen.add(text(record.value));
      })();
      await until(async () => ours.assignment().length === 2);
      await until(async () => seen.size === all.length);
      await theirs.disconnect();
      await until(async () => ours.assignment().length === 4);
      await ours.close();
      await reading;
    });
  });

  test.runIf(protocol === 'classic')(
    'a member whose session is over is thrown out, and comes back by itself',
    async () => {
      const { name, group } = await filled(1, 1);
      await using consumer = ks.consumer({
        ...member,
        group,
        heartbeatIntervalMs: 50,
        autoCommitIntervalMs: false,
      });
      const seen: string[] = [];
      const reading = (async () => {
        for await (const record of consumer.read(name)) seen.push(text(record.value));
      })();
      await until(async () => seen.length === 1);
      const [before] = await ks.admin.describeGroups([group]);
      // Somebody else says that it is gone.
      await removeMember(broker.port, group, before?.members[0]?.memberId ?? '');
      await until(async () => {
        const [now] = await ks.admin.describeGroups([group]);
        const [member] = now?.members ?? [];
        return now?.state === 'Stable' && member !== undefined && member.memberId !== before?.members[0]?.memberId;
      });
      // Nothing was committed: it begins again.
      await until(async () => seen.length === 2);
      await consumer.close();
      await reading;
    },
  );
}

test('a coordinator that restarts costs a member nothing: it goes on where it was', async () => {
  await using directory = await temporaryDirectory();
  const config = { 'group.initial.rebalance.delay.ms': '0' };
  let own = await startEmbeddedBroker({ directory: directory.path, config });
  const { port } = own;
  try {
    await using client = await connect({ brokers: own.bootstrap });
    await client.admin.createTopic('t', { partitions: 1 });
    await using producer = client.producer();
    const send = (value: string) => producer.send('t', { key: null, value: codecs.string.encode(value) });
    await send('before');
    const consumer = client.consumer({ group: 'g', from: 'beginning', heartbeatIntervalMs: 100 });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const record of consumer.read('t')) seen.push(text(record.value));
    })();
    await until(async () => seen.length === 1);
    await consumer.commit();
    await own.stop();
    own = await startEmbeddedBroker({ directory: directory.path, port, config });
    await send('after');
    await until(async () => seen.includes('after'));
    await consumer.close();
    await reading;
    expect(seen.filter((value) => value === 'after')).toHaveLength(1);
    expect((await client.admin.listGroupOffsets('g')).map(({ offset }) => offset)).toEqual([2]);
  } finally {
    await own.stop();
  }
});

/** As an administrator would: LeaveGroup in the member's name. */
async function removeMember(port: number, group: string, memberId: string): Promise<void> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  // LeaveGroup version 0: two strings.
  const string = (value: string): Buffer => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes]);
  };
  const header = Buffer.from([0, 13, 0, 0, 0, 0, 0, 1]);
  const frame = Buffer.concat([header, string('admin'), string(group), string(memberId)]);
  const size = Buffer.alloc(4);
  size.writeInt32BE(frame.length);
  socket.write(Buffer.concat([size, frame]));
  const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
  socket.destroy();
  expect(answer.readInt16BE(8)).toBe(0);
}
