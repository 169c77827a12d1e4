import { type Client, connect, ErrorCode, type KafkaError } from '@ks/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { atEachBroker, type BrokerOfTest, text, until } from '../src/client-brokers.ts';

// Transactions of our client, in both of their protocols, at our broker and at Apache Kafka.

atEachBroker((start) => {
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

  async function freshTopic(partitions = 2): Promise<string> {
    count += 1;
    const name = `transactions-${count}`;
    await ks.admin.createTopic(name, { partitions });
    return name;
  }

  async function valuesOf(name: string, isolationLevel: 'read_committed' | 'read_uncommitted' = 'read_committed') {
    await using consumer = ks.consumer({ from: 'beginning', isolationLevel });
    const values: string[] = [];
    for await (const record of consumer.read({ until: 'end' }, name)) values.push(text(record.value));
    return values.toSorted();
  }

  describe.each([1, 2] as const)('protocol %i', (transactionProtocol) => {
    const writer = (transactionalId: string, options = {}) =>
      ks.producer({ transactionalId, transactionProtocol, ...options });

    test('what is committed is seen as a whole, what is aborted is not, transaction after transaction', async () => {
      const name = await freshTopic();
      await using producer = writer(`whole-${name}`);
      const boom = new Error('boom');
      for (let round = 0; round < 6; round += 1) {
        const work = producer.transaction(async (tx) => {
          await tx.send(name, { value: `${round}a`, partition: 0 });
          // Nobody waits for these: the commit does.
          void tx.send(name, { value: `${round}b`, partition: 1 });
          void tx.sendBatch(name, [{ value: `${round}c` }, { value: `${round}d` }]);
          expect(await valuesOf(name)).not.toContain(`${round}a`);
          if (round % 2 === 1) throw boom;
          return round;
        });
        if (round % 2 === 1) await expect(work).rejects.toBe(boom);
        else expect(await work).toBe(round);
      }
      const expected = [0, 2, 4].flatMap((round) => ['a', 'b', 'c', 'd'].map((letter) => `${round}${letter}`));
      await until(async () => (await valuesOf(name)).length >= expected.length);
      expect(await valuesOf(name)).toEqual(expected);
      expect((await valuesOf(name, 'read_uncommitted')).length).toBeGreaterThan(expected.length);
    });

    test('a second producer of the same id ends what is open, and fences the first for good', async () => {
      const name = await freshTopic();
      await using first = writer(`fenced-${name}`);
      await using second = writer(`fenced-${name}`);
      await first.transaction((tx) => tx.send(name, { value: 'before' }));
      const fenced = first.transaction(async (tx) => {
        await tx.send(name, { value: 'open' });
        await second.transaction((other) => other.send(name, { value: 'after' }));
        await tx.send(name, { value: 'too late' });
      });
      await expect(fenced).rejects.toMatchObject({ name: 'PRODUCER_FENCED', retriable: false });
      await expect(first.transaction((tx) => tx.send(name, { value: 'again' }))).rejects.toMatchObject({
        code: ErrorCode.PRODUCER_FENCED,
      });
      await until(async () => (await valuesOf(name)).length >= 2);
      expect(await valuesOf(name)).toEqual(['after', 'before']);
    });

    test('offsets are committed with the records, or not', async () => {
      const [source, target] = [await freshTopic(1), await freshTopic(1)];
      const group = `offsets-${source}`;
      await ks.producer().sendBatch(source, [{ value: 'a' }, { value: 'b' }, { value: 'c' }, { value: 'd' }]);
      await using producer = writer(`offsets-${source}`);
      await using consumer = ks.consumer({ group, from: 'beginning', autoCommitIntervalMs: false });
      let seen = 0;
      for await (const record of consumer.read(source)) {
        seen += 1;
        const work = producer.transaction(async (tx) => {
          await tx.send(target, { value: `of ${text(record.value)}` });
          await tx.commitOffsets(consumer, [{ topic: source, partition: 0, offset: record.offset + 1 }]);
          if (seen === 3) throw new Error('not this one');
        });
        await (seen === 3 ? expect(work).rejects.toThrow('not this one') : work);
        if (seen === 3) break;
      }
      await until(async () => (await valuesOf(target)).length >= 2);
      expect(await valuesOf(target)).toEqual(['of a', 'of b']);
      expect(await ks.admin.listGroupOffsets(group)).toMatchObject([{ topic: source, partition: 0, offset: 2 }]);
    });

    test('a signal, the time-out and close abort; the next transaction goes through', async () => {
      const name = await freshTopic(1);
      await using producer = writer(`ended-${name}`, { transactionTimeoutMs: 20_000 });
      const controller = new AbortController();
      const never = new Promise<void>(() => {});
      const aborted = producer.transaction(
        async (tx) => {
          await tx.send(name, { value: 'aborted' });
          controller.abort();
          await never;
        },
        { signal: controller.signal },
      );
      await expect(aborted).rejects.toMatchObject({ name: 'ABORTED' });
      await producer.transaction((tx) => tx.send(name, { value: 'next' }));
      const closing = producer.transaction(async (tx) => {
        await tx.send(name, { value: 'closed' });
        void producer.close();
        await never;
      });
      await expect(closing).rejects.toMatchObject({ name: 'CLOSED' });
      await using successor = writer(`ended-${name}`, { transactionTimeoutMs: 1000 });
      await expect(
        successor.transaction(async (tx) => {
          await tx.send(name, { value: 'slow' });
          await never;
        }),
      ).rejects.toMatchObject({ name: 'TIMED_OUT' });
      await using last = writer(`ended-${name}`);
      await last.transaction((tx) => tx.send(name, { value: 'last' }));
      // The commit is decided before its markers are in every log.
      await until(async () => (await valuesOf(name)).join() === 'last,next');
    });

    test('misuse is told', async () => {
      const name = await freshTopic(1);
      await using producer = writer(`misuse-${name}`);
      await using consumer = ks.consumer({ group: name });
      let late: (() => Promise<unknown>) | undefined;
      await producer.transaction(async (tx) => {
        await expect(producer.transaction(async () => {})).rejects.toMatchObject({ name: 'INVALID_ARGUMENT' });
        late = () => tx.send(name, { value: 'late' });
      });
      await expect(late?.()).rejects.toMatchObject({ name: 'INVALID_TXN_STATE' });
      await expect(producer.transaction((tx) => tx.commitOffsets(consumer))).rejects.toMatchObject({
        name: 'INVALID_ARGUMENT',
      });
      expect(await valuesOf(name, 'read_uncommitted')).toEqual([]);
    });

    test('a record that cannot be delivered dooms the transaction, awaited or not', async () => {
      const name = await freshTopic(1);
      await using producer = writer(`doomed-${name}`);
      const doomed = producer.transaction(async (tx) => {
        await tx.send(name, { value: 'good' });
        void tx.send(name, { value: 'no such partition', partition: 7 });
        await new Promise((resolve) => tx.signal.addEventListener('abort', resolve));
      });
      await expect(doomed).rejects.toMatchObject({
        name: 'INVALID_ARGUMENT',
        partition: 7,
      } satisfies Partial<KafkaError>);
      expect(await valuesOf(name)).toEqual([]);
    });
  });

  test('readers of committed records wait for an open transaction', async () => {
    const name = await freshTopic(1);
    await using producer = ks.producer({ transactionalId: `open-${name}` });
    await using consumer = ks.consumer({ from: 'beginning', isolationLevel: 'read_committed' });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const record of consumer.read(name)) seen.push(text(record.value));
    })();
    await producer.transaction(async (tx) => {
      await tx.send(name, { value: 'a' });
      await ks.producer().send(name, { value: 'behind it', partition: 0 });
      expect(seen).toEqual([]);
    });
    await until(() => seen.length === 2);
    expect(seen).toEqual(['a', 'behind it']);
    await consumer.close();
    await reading;
  });
});
