import { beforeAll, expect, test } from 'vitest';
import { fetchProgram } from '../src/kafka/program-jars.ts';
import { describeWith } from '../src/peers.ts';
import { type Blow, type Guarantee, wordCountRounds } from '../src/streams/word-count-rounds.ts';
import { checkCounts } from '../src/streams/word-counts.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

describeWith('Kafka', 'kcat')(
  "Kafka Streams' WordCount, while everything is killed (longer: src/streams/main.ts)",
  () => {
    beforeAll(() => fetchProgram('streams'), 300_000);

    test.concurrent.each([
      ['at_least_once', ['the broker is killed', 'the application starts anew, without its state']],
      ['exactly_once_v2', ['the broker is killed', 'the application is killed', 'the broker is killed']],
    ] satisfies [Guarantee, Blow[]][])(
      '%s',
      async (guarantee, blows) => {
        await using directory = await temporaryDirectory();
        const run = await wordCountRounds(directory.path, guarantee, blows);
        expect(run.broken).toEqual([]);
        expect(run.words).toBeGreaterThan(100);
        expect(run.topics.get('words-counts-changelog')?.['cleanup.policy']).toBe('compact');
        expect(run.topics.get('words-words-repartition')?.['retention.ms']).toBe('-1');
        expect(run.repartitionStarts.every((start) => start > 0)).toBe(true);
      },
      300_000,
    );
  },
);

test('the checker sees what is missing, counted twice, and out of order', () => {
  const words = new Map([['a', 3]]);
  const check = (isExact: boolean, ...counts: readonly number[]) =>
    checkCounts(words, new Map([['a', counts]]), isExact);
  expect(check(true, 1, 2, 3)).toEqual([]);
  expect(check(false, 1, 2, 2, 3, 4)).toEqual([]);
  for (const counts of [
    [1, 2],
    [1, 2, 2, 3],
    [1, 2, 3, 4],
    [1, 3, 2, 3],
    [2, 3],
  ])
    expect(check(true, ...counts)).not.toEqual([]);
  expect(check(false, 1, 2)).toHaveLength(1);
  expect(checkCounts(new Map(), new Map([['b', [1]]]), false)).toHaveLength(1);
});
