import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { murmur2 } from './murmur2.ts';
import { defaultPartitioner, partitionOfKey } from './partitioner.ts';

/** Key, murmur2, partition among ten: as Kafka's own classes give them. */
const vectors: readonly (readonly [string, number, number])[] = [
  ['', 275646681, 1],
  ['a', -1563381124, 4],
  ['ab', 316155434, 4],
  ['abc', 479470107, 7],
  ['abcd', -1323649548, 0],
  ['key', -1079937367, 1],
  ['21', -973932308, 0],
  ['foobar', -790332482, 6],
  ['a-little-bit-long-string', -985981536, 2],
  ['a-little-bit-longer-string', -1486304829, 9],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971, 7],
  ['héllo', 614509002, 2],
  ['€😀', -1133562184, 4],
  ['0', 971027396, 6],
  ['1', -1993445489, 9],
  ['user-12345', -243491053, 5],
];
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('keys', () => {
  test.each(vectors)('%j', (key, hash, partition) => {
    expect(murmur2(bytes(key))).toBe(hash);
    expect(partitionOfKey(bytes(key), 10)).toBe(partition);
  });

  test('of every byte value', () => {
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(murmur2(all)).toBe(-1948347274);
    expect(partitionOfKey(all, 10)).toBe(4);
  });

  test('always fall on a partition that is there, and always on the same', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 5000 }), (key, count) => {
        const partition = partitionOfKey(key, count);
        expect(partition).toBeGreaterThanOrEqual(0);
        expect(partition).toBeLessThan(count);
        expect(partitionOfKey(key.slice(), count)).toBe(partition);
      }),
    );
  });
});

describe('records without a key', () => {
  const partitionsOf = (leaders: readonly number[]) =>
    leaders.map((leaderId, partition) => ({
      partition,
      leaderId,
      leaderEpoch: 0,
      replicas: [1],
      isr: [1],
      offlineReplicas: [],
    }));
  const choose = (leaders: readonly number[], count: number, sizeBytes = 30): number[] => {
    let turn = 0;
    const partitioner = defaultPartitioner({ int: (bound) => turn++ % bound }, 100);
    const partitions = partitionsOf(leaders);
    return Array.from({ length: count }, () =>
      partitioner({ topic: 't', key: null, value: null, sizeBytes, partitions }),
    );
  };

  test('stay together until a batch is full, then go to another partition', () => {
    const chosen = choose([1, 1, 1], 12);
    expect(new Set(chosen.slice(0, 4)).size).toBe(1);
    expect(new Set(chosen.slice(4, 8)).size).toBe(1);
    expect(chosen[4]).not.toBe(chosen[0]);
    expect(chosen[8]).not.toBe(chosen[4]);
  });

  test('avoid partitions without a leader, unless none has one', () => {
    expect(new Set(choose([-1, 1, -1, 1], 40))).toEqual(new Set([1, 3]));
    expect(choose([-1, -1], 4).every((partition) => partition === 0 || partition === 1)).toBe(true);
  });

  test('stay where there is only one partition', () => {
    expect(new Set(choose([1], 20))).toEqual(new Set([0]));
  });
});
