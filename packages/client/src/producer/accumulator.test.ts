import { ErrorCode, RecordBatch } from '@ks/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KafkaError } from '../kafka-error.ts';
import { Accumulator, type PartitionQueue } from './accumulator.ts';
import { OneWaiting } from './record-waiter.ts';

const NO_KEY = null;
const value = (text: string): Uint8Array => new TextEncoder().encode(text);
const checksum = { crc32c: () => 0 };

describe('a batch', () => {
  const make = (options: Partial<ConstructorParameters<typeof Accumulator>[0]> = {}): Accumulator =>
    new Accumulator({ batchBytes: 200, lingerMs: 10, deliveryTimeoutMs: 1000, ...options });
  const add = (accumulator: Accumulator, text: string, nowMs: number, partition = 0): void => {
    accumulator.append('t', partition, 0, NO_KEY, value(text), [], nowMs, { sent: () => {}, failed: () => {} });
  };

  test('lingers, and is due when that is over', () => {
    const accumulator = make();
    add(accumulator, 'a', 100);
    add(accumulator, 'b', 105);
    expect([...accumulator.due(109)]).toEqual([]);
    expect(accumulator.nextDueAtMs(109)).toBe(110);
    expect([...accumulator.due(110)]).toHaveLength(1);
  });

  test('is due at once when it is full, and what does not fit goes to the next', () => {
    const accumulator = make();
    for (let index = 0; index < 4; index += 1) add(accumulator, 'x'.repeat(60), 100);
    const [queue] = accumulator.due(100);
    expect(queue?.batches.map((batch) => batch.recordsCount)).toEqual([1, 1, 1, 1]);
    expect(queue?.batches.slice(0, 3).every((batch) => batch.isClosed)).toBe(true);
  });

  test('takes a record that is larger than any batch alone', () => {
    const accumulator = make();
    add(accumulator, 'x'.repeat(500), 100);
    const [queue] = accumulator.due(100);
    expect(queue?.batches).toHaveLength(1);
  });

  test('silences its partition while it is out', () => {
    const accumulator = make({ lingerMs: 0 });
    add(accumulator, 'a', 100);
    const [queue] = accumulator.due(100);
    if (queue === undefined) throw new Error('nothing is due');
    const batch = accumulator.take(queue);
    if (batch === undefined) throw new Error('nothing was taken');
    add(accumulator, 'b', 101);
    expect([...accumulator.due(200)]).toEqual([]);
    accumulator.done(queue, batch);
    expect([...accumulator.due(200)]).toEqual([queue]);
  });

  test('is given up after its time, all that is left of it accounted for', async () => {
    const accumulator = make();
    const waiting = new OneWaiting();
    accumulator.append('t', 0, 0, NO_KEY, value('a'), [], 100, waiting);
    const late = new KafkaError(ErrorCode.REQUEST_TIMED_OUT, 'late');
    expect(accumulator.expire(1099, () => late)).toBe(false);
    expect(accumulator.expire(1100, () => late)).toBe(true);
    await expect(waiting.settled).rejects.toBe(late);
    expect(accumulator.bufferedBytes).toBe(0);
    expect(accumulator.nextDueAtMs(1100)).toBe(undefined);
  });
});

type Step =
  | { readonly do: 'append'; readonly partition: number; readonly size: number }
  | { readonly do: 'take' | 'done' | 'retry' | 'split' | 'close'; readonly pick: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        partition: fc.nat({ max: 2 }),
        size: fc.nat({ max: 120 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('take', 'done', 'retry', 'split', 'close' as const), pick: fc.nat() }),
    },
  ),
  { maxLength: 60 },
);

test('whatever happens, each partition gets its records once and in order, and no byte stays counted', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 4 }), async (given, maxInFlight) => {
      const accumulator = new Accumulator({ batchBytes: 250, lingerMs: 5, deliveryTimeoutMs: 1e9, maxInFlight });
      const added: string[][] = [[], [], []];
      const delivered: string[][] = [[], [], []];
      const promises: Promise<unknown>[] = [];
      const out: PartitionQueue[] = [];
      let nowMs = 0;
      const deliver = async (queue: PartitionQueue): Promise<void> => {
        const [batch] = queue.inFlight;
        if (batch === undefined) throw new Error('nothing is out');
        expect(queue.inFlight.length).toBeLessThanOrEqual(maxInFlight);
        // As a broker refuses what comes before its turn.
        if (!accumulator.isOldest(queue, batch)) {
          accumulator.retry(queue, batch, nowMs);
          return;
        }
        const sealed = new RecordBatch(await batch.seal({ checksum }));
        for (const record of sealed.records(sealed.payload))
          delivered[queue.partition]?.push(Buffer.from(record.value ?? []).toString());
        batch.succeed({ baseOffset: 0, logAppendTimeMs: -1 });
        accumulator.done(queue, batch);
      };
      const take = (pick: number): void => {
        const due = [...accumulator.due(nowMs)];
        const queue = due[pick % Math.max(due.length, 1)];
        if (queue === undefined) return;
        accumulator.take(queue);
        out.push(queue);
      };
      for (const [index, step] of given.entries()) {
        nowMs += 3;
        if (step.do === 'append') {
          const text = `${index}${'.'.repeat(step.size)}`;
          added[step.partition]?.push(text);
          const waiting = new OneWaiting();
          promises.push(waiting.settled);
          accumulator.append('t', step.partition, nowMs, NO_KEY, value(text), [], nowMs, waiting);
        } else if (step.do === 'take') take(step.pick);
        else if (step.do === 'close') accumulator.closeBatches();
        else {
          const [queue] = out.splice(step.pick % Math.max(out.length, 1), 1);
          if (queue === undefined) continue;
          if (step.do === 'done') await deliver(queue);
          else {
            const batch = queue.inFlight[step.pick % queue.inFlight.length];
            if (batch === undefined) continue;
            if (step.do !== 'split' || !accumulator.split(queue, batch, checksum))
              accumulator.retry(queue, batch, nowMs + 4);
          }
        }
      }
      for (const queue of out.splice(0)) await deliver(queue);
      for (nowMs += 1000; ; nowMs += 1) {
        take(0);
        const [queue] = out.splice(0, 1);
        if (queue === undefined) break;
        await deliver(queue);
      }
      await Promise.all(promises);
      expect(delivered).toEqual(added);
      expect(accumulator.bufferedBytes).toBe(0);
      expect(accumulator.closeBatches()).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
