import { type Client, codecs, connect, type KafkaError, reasonHeaders, topic } from '@ks/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { atEachBroker, type BrokerOfTest, text, until } from '../src/client-brokers.ts';

// `run` and `process`: what they commit, in what order they work, and where failures go.

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

  async function fresh(partitions = 1): Promise<string> {
    count += 1;
    const name = `run-${count}`;
    await ks.admin.createTopic(name, { partitions });
    return name;
  }
  const committed = async (group: string): Promise<number> =>
    (await ks.admin.listGroupOffsets(group)).reduce((sum, { offset }) => sum + offset, 0);
  const consumerOf = (group: string, options = {}) =>
    ks.consumer({ group, from: 'beginning', heartbeatIntervalMs: 100, autoCommitIntervalMs: 50, ...options });

  async function recordsOf(name: string, isolationLevel: 'read_committed' | 'read_uncommitted' = 'read_uncommitted') {
    await using consumer = ks.consumer({ from: 'beginning', isolationLevel });
    const records = [];
    for await (const record of consumer.read({ until: 'end' }, name)) records.push(record);
    return records;
  }
  const headersOf = (record: { readonly headers: readonly { key: string; value: Uint8Array | null }[] }) =>
    Object.fromEntries(record.headers.map(({ key, value }) => [key, text(value)]));

  describe('run', () => {
    test('works side by side, each key in order, and commits all that is done', async () => {
      const name = await fresh(3);
      const records = Array.from({ length: 300 }, (_, index) => ({ key: `k${index % 20}`, value: `${index}` }));
      await ks.producer().sendBatch(name, records);
      const consumer = consumerOf(name);
      const seen = new Map<string, number[]>();
      let [running, most, done] = [0, 0, 0];
      const run = consumer.run(name, { concurrency: 16 }, async (record) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, Number(text(record.value)) % 5));
        const key = text(record.key);
        seen.set(key, [...(seen.get(key) ?? []), Number(text(record.value))]);
        running -= 1;
        done += 1;
      });
      await until(() => done === records.length);
      await consumer.close();
      await run;
      expect(most).toBeGreaterThan(4);
      expect(most).toBeLessThanOrEqual(16);
      for (const values of seen.values()) expect(values).toEqual(values.toSorted((a, b) => a - b));
      expect(await committed(name)).toBe(records.length);
    });

    test('a record that is not done holds back the commit of those behind it, and comes again', async () => {
      const name = await fresh();
      await ks.producer().sendBatch(
        name,
        ['a', 'b', 'c', 'd'].map((key) => ({ key, value: key })),
      );
      // Closing gives a handler that never ends by itself half of a session.
      const consumer = consumerOf(name, { sessionTimeoutMs: 1000 });
      const seen: string[] = [];
      const run = consumer.run(name, { concurrency: 4 }, async (record, { signal }) => {
        seen.push(text(record.value));
        if (text(record.value) === 'b') await new Promise((_, reject) => signal.addEventListener('abort', reject));
      });
      await until(async () => (await committed(name)) === 1 && seen.length === 4);
      const controller = new AbortController();
      const second = consumer.run(name, { signal: controller.signal }, () => {});
      await expect(second).rejects.toMatchObject({ name: 'INVALID_ARGUMENT' } satisfies Partial<KafkaError>);
      await consumer.close();
      await run;
      expect(await committed(name)).toBe(1);
    });

    test('failures are tried again, then go to retry topics, and at last to the dead letter topic with reasons', async () => {
      const [name, later, dead] = [await fresh(), await fresh(), await fresh()];
      const orders = topic(name, {});
      await ks.producer().sendBatch(orders, [
        { key: 'good', value: { cents: 1 } },
        { key: 'bad', value: { cents: 2 }, headers: { mine: 'kept' } },
        { key: 'flaky', value: { cents: 3 } },
      ]);
      const consumer = consumerOf(name);
      const tries: string[] = [];
      const run = consumer.run(
        orders,
        {
          concurrency: 4,
          retry: { attempts: 2, initialMs: 5 },
          retryTopics: [{ topic: later, delayMs: 60 }],
          deadLetter: dead,
        },
        (record, { attempt }) => {
          tries.push(`${record.key} ${attempt}`);
          expect(record.topic).toBe(name);
          if (record.key === 'bad' || (record.key === 'flaky' && attempt < 2)) throw new TypeError(`no ${record.key}`);
        },
      );
      await until(async () => (await recordsOf(dead)).length === 1);
      await until(async () => (await committed(name)) === 4);
      await consumer.close();
      await run;
      expect(tries.toSorted()).toEqual(['bad 1', 'bad 2', 'bad 3', 'bad 4', 'flaky 1', 'flaky 2', 'good 1']);
      const [letter] = await recordsOf(dead);
      expect(text(letter?.value ?? null)).toBe('{"cents":2}');
      expect(text(letter?.key ?? null)).toBe('bad');
      expect(letter && headersOf(letter)).toMatchObject({
        mine: 'kept',
        [reasonHeaders.topic]: name,
        [reasonHeaders.partition]: '0',
        [reasonHeaders.offset]: '1',
        [reasonHeaders.error]: 'TypeError',
        [reasonHeaders.message]: 'no bad',
        [reasonHeaders.attempts]: '4',
        [reasonHeaders.group]: name,
      });
    });

    test('without a dead letter topic it ends with the failure, what is done committed, and can go on from there', async () => {
      const name = await fresh();
      await ks.producer().sendBatch(
        name,
        ['a', 'b', 'c'].map((value) => ({ key: null, value })),
      );
      await using consumer = consumerOf(name);
      const boom = new Error('boom');
      const failing = consumer.run(name, {}, (record) => {
        if (text(record.value) === 'b') throw boom;
      });
      await expect(failing).rejects.toBe(boom);
      await until(async () => (await committed(name)) === 1);
      const rest: string[] = [];
      for await (const record of consumer.read({ until: 'end' }, name)) rest.push(text(record.value));
      expect(rest).toEqual(['b', 'c']);
    });

    test('invalid records go to the dead letter topic, by read, batches and run alike', async () => {
      for (const how of ['read', 'batches', 'run'] as const) {
        const [name, dead] = [await fresh(), await fresh()];
        const orders = topic(name, {});
        await ks.producer().sendBatch(
          name,
          ['{"n":1}', 'no json', '{"n":2}'].map((value) => ({ key: null, value })),
        );
        await using consumer = consumerOf(name);
        const options = { onInvalid: 'deadLetter', deadLetter: dead } as const;
        const good: unknown[] = [];
        if (how === 'read') {
          for await (const { value } of consumer.read({ ...options, until: 'end' }, orders)) good.push(value);
        } else if (how === 'batches') {
          for await (const batch of consumer.batches({ ...options, until: 'end' }, orders))
            for (const { value } of batch) good.push(value);
        } else {
          const run = consumer.run(orders, options, ({ value }) => void good.push(value));
          await until(() => good.length === 2);
          await consumer.close();
          await run;
        }
        expect(good).toEqual([{ n: 1 }, { n: 2 }]);
        const [letter, ...others] = await recordsOf(dead);
        expect(others).toEqual([]);
        expect(text(letter?.value ?? null)).toBe('no json');
        expect(letter && headersOf(letter)).toMatchObject({
          [reasonHeaders.error]: 'INVALID_DATA',
          [reasonHeaders.offset]: '1',
        });
        await expect(
          consumer
            .read({ onInvalid: 'deadLetter' }, orders)
            .next()
            .catch((error) => error.name),
        ).resolves.toBe('INVALID_ARGUMENT');
      }
    });
  });

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
    'batches of %s pass from topic to topic as they are',
    async (compression) => {
      const [from, to] = [await fresh(), await fresh()];
      await using source = ks.producer({ compression });
      await using mirror = ks.producer();
      for (const start of [0, 50]) {
        const values = Array.from({ length: 50 }, (_, index) => `value ${start + index}`);
        await source.sendBatch(
          from,
          values.map((value) => ({ value, key: 'k', headers: { h: value } })),
        );
      }
      await using consumer = consumerOf(from);
      const sent: number[] = [];
      for await (const { batch } of consumer.rawBatches({ until: 'end' }, from)) {
        sent.push((await mirror.sendRaw({ topic: to, partition: 0 }, batch)).offset);
      }
      expect(sent).toEqual([0, 50]);
      await using copy = ks.consumer({ from: 'beginning' });
      for await (const { batch } of copy.rawBatches({ until: 'end' }, to)) expect(batch.compression).toBe(compression);
      const [originals, copies] = [await recordsOf(from), await recordsOf(to)];
      expect(copies.map((one) => [text(one.value), one.timestamp, headersOf(one)])).toEqual(
        originals.map((one) => [text(one.value), one.timestamp, headersOf(one)]),
      );
    },
  );

  describe('process', () => {
    test('writes what it read once, whatever is thrown on the way', async () => {
      const [source, target] = [await fresh(2), await fresh()];
      const values = Array.from({ length: 60 }, (_, index) => `${index}`);
      for (let at = 0; at < values.length; at += 5)
        await ks.producer().sendBatch(
          source,
          values.slice(at, at + 5).map((value, index) => ({ value, key: null, partition: index % 2 })),
        );
      await using producer = ks.producer({ transactionalId: `process-${source}` });
      let turn = 0;
      for (;;) {
        await using consumer = consumerOf(source, { autoCommitIntervalMs: undefined });
        const work = consumer.process(source, { producer, maxRecords: 7 }, async (batch, tx) => {
          turn += 1;
          for (const record of batch) await tx.send(target, { value: record.value, key: null });
          if (turn % 3 === 0) throw new Error('halfway');
        });
        const ended = Promise.race([
          work.then(
            () => 'closed',
            () => 'thrown',
          ),
          until(async () => (await committed(source)) === 60).then(() => 'done'),
        ]);
        const how = await ended;
        if (how === 'thrown') continue;
        await consumer.close();
        await work;
        break;
      }
      await until(async () => (await recordsOf(target, 'read_committed')).length >= 60);
      const written = (await recordsOf(target, 'read_committed')).map(({ value }) => Number(text(value)));
      expect(written.toSorted((a, b) => a - b)).toEqual(values.map(Number));
      expect(turn).toBeGreaterThan(3);
    });

    test('closing the consumer lets the transaction under way end, and begins no other', async () => {
      const [source, target] = [await fresh(), await fresh()];
      for (const value of ['a', 'b']) await ks.producer().send(source, { value, key: null });
      await using producer = ks.producer({ transactionalId: `closing-${source}` });
      const consumer = consumerOf(source, { autoCommitIntervalMs: undefined });
      let closing: Promise<void> | undefined;
      await consumer.process(source, { producer, maxRecords: 1 }, async (batch, tx) => {
        closing = consumer.close();
        await new Promise((resolve) => setTimeout(resolve, 100));
        for (const record of batch) await tx.send(target, { value: record.value, key: null });
      });
      await closing;
      expect((await recordsOf(target, 'read_committed')).map(({ value }) => text(value))).toEqual(['a']);
      expect(await committed(source)).toBe(1);
    });

    test('a fenced producer ends it with a typed error; nothing of it is seen', async () => {
      const [source, target] = [await fresh(), await fresh()];
      await ks.producer().send(source, { value: codecs.string.encode('a'), key: null });
      await using producer = ks.producer({ transactionalId: `fenced-${source}` });
      await using other = ks.producer({ transactionalId: `fenced-${source}` });
      await using consumer = consumerOf(source);
      const work = consumer.process(source, { producer }, async (batch, tx) => {
        for (const record of batch) await tx.send(target, { value: record.value, key: null });
        await other.transaction((rival) => rival.send(target, { value: 'rival', key: null }));
      });
      await expect(work).rejects.toMatchObject({ name: 'PRODUCER_FENCED' });
      await until(async () => (await recordsOf(target, 'read_committed')).length === 1);
      expect(await committed(source)).toBe(0);
    });
  });
});
