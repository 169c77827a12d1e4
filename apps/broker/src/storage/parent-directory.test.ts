import { expect, test } from 'vitest';
import { parentDirectory } from './parent-directory.ts';

test.each([
  ['data', '.'],
  ['./data', '.'],
  ['data/', '.'],
  ['/data', '/'],
  ['/var/ks/', '/var'],
  ['/var/ks', '/var'],
  ['../ks/data', '../ks'],
  ['/', '/'],
])('%s lies in %s', (path, parent) => {
  expect(parentDirectory(path)).toBe(parent);
});
