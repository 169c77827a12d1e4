import { expect, test } from 'vitest';
import { coordinatorPartition, javaStringHash } from './coordinator-partition.ts';

test.each([
  ['', 0, 0],
  ['a', 97, 47],
  ['ab', 3105, 5],
  ['abc', 96354, 4],
  ['abcd', 2987074, 24],
  ['foobar', -1268878963, 13],
  ['a-little-bit-long-string', -865776169, 19],
  ['a-little-bit-longer-string', -1512594870, 20],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -305440039, 39],
  ['héllo', 103094734, 34],
  ['€😀', 9810703, 3],
  ['user-12345', 440384433, 33],
])('%j hashes as in Java, and finds its partition of 50', (groupId, hash, partition) => {
  expect(javaStringHash(groupId)).toBe(hash);
  expect(coordinatorPartition(groupId, 50)).toBe(partition);
});

test('the smallest int counts as 0', () => {
  expect(javaStringHash('polygenelubricants')).toBe(-2147483648);
  expect(coordinatorPartition('polygenelubricants', 50)).toBe(0);
});
