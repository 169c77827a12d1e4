import { expect, test } from 'vitest';
import { patternOf } from './transactional-id-pattern.ts';

const matching = (pattern: string | null, ids: readonly string[]) => ids.filter((id) => patternOf(pattern)?.(id));

test('the whole id must match; no pattern lets every id through; a broken one is none', () => {
  const ids = ['app-1', 'app-22', 'my-app-1', 'größe-1'];
  expect(matching(null, ids)).toEqual(ids);
  expect(matching('', ids)).toEqual(ids);
  expect(matching('app-[0-9]', ids)).toEqual(['app-1']);
  expect(matching('.*-1', ids)).toEqual(['app-1', 'my-app-1', 'größe-1']);
  expect(matching('[^m].*', ids)).toEqual(['app-1', 'app-22', 'größe-1']);
  expect(patternOf('app-(')).toBeUndefined();
});

test('a pattern that would keep others busy for ever is decided at once', () => {
  expect(matching('(a+)+b', [`${'a'.repeat(20_000)}c`])).toEqual([]);
});
