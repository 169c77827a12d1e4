import { expect, test } from 'vitest';
import { hasEtcd } from '../src/etcd-process.ts';
import { faultRounds } from '../src/faults/fault-rounds.ts';
import { faults } from '../src/faults/faults.ts';
import { compareTold } from '../src/faults/java-producer.ts';
import { ksProducer, ksTransactions } from '../src/faults/ks-client-workers.ts';
import { compare, liveReader } from '../src/faults/live-reader.ts';
import { cutBatches, differenceOf } from '../src/faults/log-copies.ts';
import { seededRandom } from '../src/faults/seeded-random.ts';
import { Sightings, watcher } from '../src/faults/watcher.ts';
import { kafkajsProducer } from '../src/kill-rounds/kafkajs-workers.ts';
import { haveKcat } from '../src/kcat.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

const isUnderCi = process.env['CI'] === 'true';

/** Some of all: the rest, and all clients, by `npm run faults`. */
const few = ['a broker is alone: neither etcd nor other brokers', 'etcd is lost as a whole'];

test.skipIf(!(hasEtcd && haveKcat) && !isUnderCi)(
  'a broker alone, etcd lost: nothing acknowledged is lost, doubled or reordered, and the copies are the same',
  { timeout: 300_000 },
  async ({ annotate }) => {
    await using directory = await temporaryDirectory();
    const { broken, acknowledged, skipped, compared } = await faultRounds({
      directory: directory.path,
      faults: faults.filter(({ name }) => few.includes(name)),
      random: seededRandom(3),
      workers: () => {
        const writers = [kafkajsProducer(true), ksProducer(), ksTransactions()];
        return [...writers, watcher(), ...writers.slice(1).map(liveReader)];
      },
    });
    for (const name of skipped) await annotate(`not tried, as this machine lacks the means: ${name}`);
    expect(broken).toEqual([]);
    expect(compared).toBeGreaterThan(0);
    for (const [topic, count] of acknowledged) expect(count, topic).toBeGreaterThan(0);
  },
);

/** A batch as far as copies are compared: offset, length, epoch, something. */
function batch(offset: number, epoch: number, text: string): Buffer {
  const bytes = Buffer.alloc(61 + text.length);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(epoch, 12);
  bytes.write(text, 61);
  return bytes;
}

test('copies of a partition that differ are seen, where they overlap and are committed', () => {
  const log = (...batches: readonly Buffer[]) => cutBatches(Buffer.concat(batches));
  const [a, b, c] = [batch(0, 0, 'a'), batch(1, 0, 'b'), batch(2, 1, 'c')];
  const all = Number.POSITIVE_INFINITY;
  expect(log(a, b, c).map(({ offset, epoch }) => [offset, epoch])).toEqual([
    [0, 0],
    [1, 0],
    [2, 1],
  ]);
  expect(differenceOf(log(a, b, c), log(a, b, c), all)).toBeUndefined();
  expect(differenceOf(log(a, b, c), log(b, c), all)).toBeUndefined();
  expect(differenceOf(log(a, b, c), log(a, b), 2)).toBeUndefined();
  expect(differenceOf(log(a, b, c), log(a, b), all)).toBeDefined();
  expect(differenceOf(log(a, b, c), log(a, b, batch(2, 2, 'c')), all)).toBeDefined();
  expect(differenceOf(log(a, b), log(a, batch(1, 0, 'x')), all)).toBeDefined();
  expect(() => cutBatches(Buffer.concat([a, b]).subarray(0, 120))).toThrow('torn');
});

test('the watcher sees two leaders in one epoch, epochs that go back, and watermarks that do', () => {
  const seen = (look: (sightings: Sightings) => void): readonly string[] => {
    const sightings = new Sightings();
    look(sightings);
    return sightings.broken;
  };
  const at = (leader: number, leaderEpoch: number) => ({
    ...{ name: 't-0', topic: 't', partition: 0, replicas: [1, 2, 3], isr: [1, 2, 3] },
    ...{ leader, leaderEpoch },
  });
  const leads = (...all: readonly (readonly [number, number, number, number])[]) =>
    seen((s) => {
      for (const [teller, life, leader, epoch] of all) s.leads(teller, life, at(leader, epoch));
    });
  expect(leads([1, 0, 1, 4], [2, 0, 1, 4], [2, 0, 2, 5], [1, 0, -1, 5])).toEqual([]);
  expect(leads([1, 0, 1, 4], [2, 0, 2, 4])).toHaveLength(1);
  expect(leads([1, 0, 1, 4], [1, 0, 3, 3])).toHaveLength(1);
  expect(leads([1, 0, 1, 4], [1, 1, 3, 3])).toEqual([]);
  const ends = (...all: readonly number[]) =>
    seen((s) => {
      for (const end of all) s.ends('t-0', end, s.expected('t-0'));
    });
  expect(ends(1, 1, 5)).toEqual([]);
  expect(ends(5, 4)).toHaveLength(1);
});

test('what was read meanwhile is held against what is there in the end', () => {
  const got = (...values: readonly (readonly [number, string])[]) =>
    new Map([[0, values.map(([offset, value]) => ({ offset, value }))]]);
  const there = new Map([[0, ['a', 'b', 'c']]]);
  expect(compare('t', got([0, 'a'], [1, 'b']), there)).toEqual([]);
  expect(compare('t', got([0, 'a'], [2, 'c']), there)).toHaveLength(1);
  expect(compare('t', got([0, 'a'], [1, 'b'], [3, 'c'], [4, 'lost']), there)).toHaveLength(1);
  expect(compare('t', got([1, 'a'], [1, 'b']), there)).toHaveLength(1);
});

test('a record that is not where its producer was told it is, is seen', () => {
  const told = (offset: number, value: string) => ({ partition: 0, offset, value });
  expect(compareTold('t', [told(0, '0'), told(1, '1')], ['0 0 0', '0 1 1', '0 2 2'])).toEqual([]);
  expect(compareTold('t', [told(1, '1'), told(0, '0')], ['0 0 0', '0 1 1'])).toEqual([]);
  expect(compareTold('t', [told(0, '0')], ['0 1 0'])).toHaveLength(1);
  expect(compareTold('t', [told(0, '0')], ['0 0 0', '0 1 0'])).toHaveLength(1);
  expect(compareTold('t', [told(0, '0'), told(1, '1')], ['0 0 1', '0 1 0']).length).toBeGreaterThan(0);
});
