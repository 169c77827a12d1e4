import { expect, test } from 'vitest';
import { commandFirst } from './command-first.ts';

test.each([
  ['-b h:1 topics list', 'topics list -b h:1'],
  ['-bh:1 -v topics list -o json', 'topics list -o json -bh:1 -v'],
  ['--profile=prod -X timeout=5 consume a -- -x', 'consume a --profile=prod -X timeout=5 -- -x'],
  ['topics -b h:1 list', 'topics -b h:1 list'],
  ['-X list', '-X list'],
  ['-v', '-v'],
  ['--version', '--version'],
  ['-b', '-b'],
  ['', ''],
])('%j', (given, expected) => {
  const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
  expect(commandFirst(words(given))).toEqual(words(expected));
});
