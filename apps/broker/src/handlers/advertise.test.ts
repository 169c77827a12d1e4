import { Fetch, Heartbeat, Produce, Vote } from '@ks/protocol';
import { expect, test } from 'vitest';
import { advertisedApis } from './advertise.ts';
import { handler } from './handler.ts';

const never = () => undefined;

test('Produce is told from 0 and served from 3', () => {
  expect(advertisedApis([handler(Produce, { versions: [3, 13] }, never)])).toEqual([
    { apiKey: 0, name: 'Produce', served: { min: 3, max: 13 }, advertised: { min: 0, max: 13 } },
  ]);
});

test('a handler narrows the release’s range and never widens it', () => {
  const [fetch] = advertisedApis([handler(Fetch, { versions: [0, 12] }, never)]);
  expect(fetch?.served).toEqual({ min: 4, max: 12 });
  expect(fetch?.advertised).toEqual({ min: 4, max: 12 });
});

test('the list is in the order of keys; without a range of its own a handler serves the release’s', () => {
  const list = advertisedApis([handler(Heartbeat, {}, never), handler(Fetch, {}, never)]);
  expect(list.map(({ apiKey, advertised }) => [apiKey, advertised])).toEqual([
    [1, { min: 4, max: 18 }],
    [12, { min: 0, max: 4 }],
  ]);
});

test('an API that no broker serves cannot be registered', () => {
  expect(() => advertisedApis([handler(Vote, {}, never)])).toThrow('Vote');
});
