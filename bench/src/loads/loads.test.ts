import { describe, expect, test } from 'vitest';
import { describeReaders } from '../consumers.ts';
import { compareLoads } from '../crowd-load.ts';
import { chosen, matrix } from '../matrix.ts';
import { countEnds } from './kcat-consumers.ts';
import type { LoadOptions } from './load.ts';

const load: LoadOptions = {
  topic: 'bench',
  recordBytes: 1024,
  records: 1000,
  acks: 1,
  batchBytes: 16_384,
  partitions: 1,
  delivery: 'plain',
  compression: 'none',
  scratch: '/nowhere',
};

describe('loads', () => {
  test('a reader is at the end when kcat has said so of each partition, however often and whatever else it said', () => {
    const said = [
      '% Auto-selecting Consumer mode (use -P or -C to override)',
      '% Reached end of topic bench-tail [0] at offset 0',
      '% Reached end of topic bench-tail [12] at offset 0',
      '% Reached end of topic bench-tail [0] at offset 17',
      'ERROR: % Reached end of topic other [3] at offset 1',
    ];
    expect(countEnds(said.join('\n'))).toBe(2);
    expect(countEnds('')).toBe(0);
  });

  test('rows say who reads what', () => {
    expect(describeReaders({ kind: 'catch up', consumers: 1 }, load)).toBe(
      'consume, catch up, 1 consumer, 1024 B, 1 partition',
    );
    expect(describeReaders({ kind: 'tail', consumers: 10 }, { ...load, partitions: 100 })).toBe(
      'consume, tail, 10 consumers, 1024 B, 100 partitions, beside the producer',
    );
  });

  test('a crowd is compared with one partition by medians of both', () => {
    const of = (megabytesPerSecond: number, cpuSecondsPerGigabyte: number) => ({
      megabytesPerSecond,
      cpuSecondsPerGigabyte,
    });
    const compared = compareLoads([of(100, 1), of(200, 2), of(900, 9)], [of(150, 3), of(170, 5)]);
    expect(compared).toEqual({
      'one MB/s': 200,
      'crowd MB/s': 160,
      'crowd / one': 0.8,
      'one CPU s/GB': 2,
      'crowd CPU s/GB': 4,
    });
  });

  test('a matrix can be measured in pieces', () => {
    const all = matrix(load, true);
    expect(chosen(all, '')).toEqual(all);
    expect(chosen(all, '1,12')).toEqual([all[0], all[11]]);
    expect(() => chosen(all, '13')).toThrow('loads 1 to 12');
    expect(() => chosen(all, 'x')).toThrow('loads 1 to 12');
  });
});
