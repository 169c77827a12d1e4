import {
  type Client,
  connect,
  cooperativeStickyAssignor,
  type PartitionOffset,
  stickyAssignor,
  topicPattern,
} from '@ks/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { atEachBroker, type BrokerOfTest, text, until } from '../src/client-brokers.ts';

// What members of groups go through: rebalances of every kind, topics and partitions that come, readers that stay away.

atEachBroker((start) => {
  let broker: BrokerOfTest;
  let ks: Client;
  let count = 0;

  beforeAll(async () => {
    broker = await start();
    ks = await connect({ brokers: broker.bootstrap, metadataMaxAgeMs: 200 });
  });
  afterAll(async () => {
    await ks.close();
    await broker[Symbol.asyncDispose]();
  });

  async function fresh(partitions = 1): Promise<string> {
    count += 1;
    const name = `members-${count}`;
    await ks.admin.createTopic(name, { partitions });
    return name;
  }
  const send = (name: string, values: readonly string[], partition?: number) =>
    ks.producer().sendBatch(
      name,
      values.map((value) => ({ key: null, value, partition })),
    );

  /** Reads until it is closed; says what it saw. */
  function reader(group: string, topics: readonly (string | RegExp)[], options = {}) {
    const seen: string[] = [];
    const events: string[] = [];
    const shown = (partitions: readonly { partition: number }[]) =>
      partitions
        .map(({ partition }) => partition)
        .sort()
        .join();
    const consumer = ks.consumer({
      group,
      from: 'beginning',
      heartbeatIntervalMs: 100,
      onAssigned: (partitions: readonly PartitionOffset[]) => void events.push(`+${shown(partitions)}`),
      onRevoked: (partitions) => void events.push(`-${shown(partitions)}`),
      onLost: (partitions) => void events.push(`!${shown(partitions)}`),
      ...options,
    });
    const reading = (async () => {
      for await (const record of consumer.read(...topics)) seen.push(text(record.value));
    })();
    const close = async (): Promise<void> => {
      await consumer.close();
      await reading;
    };
    return { consumer, seen, events, close };
  }

  const spread = (members: readonly ReturnType<typeof reader>[]): number[] =>
    members.map(({ consumer }) => consumer.assignment().length).toSorted();

  test.each([
    ['cooperative sticky', { protocol: 'classic', assignors: [cooperativeStickyAssignor] }],
    ['the new protocol', { protocol: 'consumer' }],
  ] as const)('by %s a member gives up only what goes to another', async (_, options) => {
    const name = await fresh(4);
    const first = reader(name, [name], options);
    await until(() => first.consumer.assignment().length === 4);
    const second = reader(name, [name], options);
    await until(() => spread([first, second]).join() === '2,2');
    // Two partitions went, two were never given up.
    expect(first.events.filter((event) => event.startsWith('-')).join().length).toBeLessThanOrEqual('-0,-1'.length);
    await send(name, ['a', 'b', 'c', 'd']);
    await until(() => first.seen.length + second.seen.length === 4);
    await second.close();
    await until(() => first.consumer.assignment().length === 4);
    await first.close();
    expect([...first.events, ...second.events].filter((event) => event.startsWith('!'))).toEqual([]);
  });

  test('sticky members keep what they have, though all is given up in between', async () => {
    const name = await fresh(6);
    const options = { protocol: 'classic', assignors: [stickyAssignor] };
    const first = reader(name, [name], options);
    await until(() => first.consumer.assignment().length === 6);
    const second = reader(name, [name], options);
    await until(() => spread([first, second]).join() === '3,3');
    const had = first.consumer.assignment().map(({ partition }) => partition);
    const third = reader(name, [name], options);
    await until(() => spread([first, second, third]).join() === '2,2,2');
    for (const { partition } of first.consumer.assignment()) expect(had).toContain(partition);
    await Promise.all([first.close(), second.close(), third.close()]);
  });

  describe.each(['classic', 'consumer'] as const)('protocol %s', (protocol) => {
    test('topics that match an expression are read, those that come later too', async () => {
      const prefix = await fresh();
      await send(prefix, ['first']);
      const member = reader(prefix, [new RegExp(`${prefix}(-later)?`)], { protocol });
      await until(() => member.seen.length === 1);
      await ks.admin.createTopic(`${prefix}-later`, { partitions: 1 });
      await ks.admin.createTopic(`${prefix}-other`, { partitions: 1 });
      await send(`${prefix}-other`, ['not this']);
      await send(`${prefix}-later`, ['second']);
      await until(() => member.seen.length === 2);
      expect(member.seen).toEqual(['first', 'second']);
      await member.close();
    });

    test('partitions that are added are read from their beginning', async () => {
      const name = await fresh(1);
      const member = reader(name, [name], { protocol, from: 'end' });
      await until(() => member.consumer.assignment().length === 1);
      await ks.admin.createPartitions([{ topic: name, count: 3 }]);
      await until(async () => (await ks.admin.describeTopics([name]))[0]?.partitions.length === 3);
      await ks.producer().send(name, { value: 'early', key: null });
      const producer = await connect({ brokers: broker.bootstrap });
      await producer.producer().send(name, { value: 'in a new one', key: null, partition: 2 });
      await producer.close();
      await until(() => member.seen.includes('in a new one'));
      await member.close();
    });

    test('a reader that stays away loses its partitions, and joins again when it is back', async () => {
      const name = await fresh(1);
      await send(name, ['a', 'b']);
      const lost: number[] = [];
      await using slow = ks.consumer({
        group: name,
        protocol,
        from: 'beginning',
        heartbeatIntervalMs: 100,
        maxPollIntervalMs: 300,
        // Lost, or revoked where the other asked for it first.
        onLost: (partitions) => void lost.push(partitions.length),
        onRevoked: (partitions) => void lost.push(partitions.length),
      });
      const records = slow.read(name);
      expect(text((await records.next()).value?.value ?? null)).toBe('a');
      const other = reader(name, [name], { protocol });
      await until(() => other.seen.length === 2);
      expect(lost).toEqual([1]);
      // Back again: it is a member once more, and takes over when the other goes.
      const next = records.next();
      await until(async () => ((await ks.admin.describeGroups([name]))[0]?.members.length ?? 0) === 2);
      await other.close();
      await send(name, ['c']);
      expect(text((await next).value?.value ?? null)).toBe('c');
      await records.return();
    });

    test('a static member that restarts has its partitions again, and the others keep theirs', async () => {
      const name = await fresh(2);
      const options = { protocol, groupInstanceId: 'one', assignors: undefined };
      const first = reader(name, [name], options);
      const second = reader(name, [name], { ...options, groupInstanceId: 'two' });
      await until(() => spread([first, second]).join() === '1,1');
      const [before, others] = [first.consumer.assignment()[0]?.partition, [...second.events]];
      await first.close();
      const again = reader(name, [name], options);
      await until(() => again.consumer.assignment().length === 1);
      expect(again.consumer.assignment()[0]?.partition).toBe(before);
      expect(second.events).toEqual(others);
      await Promise.all([again.close(), second.close()]);
    });

    test('commits as each record is done, by hand, and of given offsets; tells its lag', async () => {
      const name = await fresh(1);
      await send(name, ['a', 'b', 'c', 'd']);
      await using consumer = ks.consumer({ group: name, protocol, from: 'beginning', autoCommitIntervalMs: 0 });
      let at = 0;
      for await (const record of consumer.read(name)) {
        expect((await consumer.committed()).map(({ offset }) => offset)).toEqual(at === 0 ? [] : [at]);
        expect(await consumer.lag()).toMatchObject([{ offset: at, endOffset: 4, lag: 4 - at }]);
        at += 1;
        if (record.offset === 2) break;
      }
      await consumer.commit([{ topic: name, partition: 0, offset: 1, metadata: 'by hand' }]);
      expect(await consumer.committed()).toMatchObject([{ offset: 1, metadata: 'by hand' }]);
    });

    test('patterns have types, and an error of a call-back ends the reading', async () => {
      const name = await fresh(1);
      await send(name, ['{"n":1}']);
      await using consumer = ks.consumer({ group: name, protocol, from: 'beginning' });
      for await (const { topic, value } of consumer.read({ until: 'end' }, topicPattern(new RegExp(name)))) {
        expect([topic, value]).toEqual([name, { n: 1 }]);
      }
      await using careless = ks.consumer({
        group: `${name}-2`,
        protocol,
        onAssigned: () => {
          throw new TypeError('no');
        },
      });
      await expect(careless.read(name).next()).rejects.toMatchObject({ message: 'no' });
    });
  });
});
