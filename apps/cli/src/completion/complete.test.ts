import { describe, expect, test } from 'vitest';
import { type CompletableCommand, complete } from './complete.ts';

const option = { type: 'option' };
const commands: readonly CompletableCommand[] = [
  {
    id: 'consume',
    strict: false,
    args: { topic: {} },
    flags: { profile: { ...option, char: 'P' }, group: { ...option, char: 'g' }, end: { type: 'boolean', char: 'e' } },
  },
  { id: 'topics:create', args: { topic: {} }, flags: {} },
  {
    id: 'topics:describe',
    args: { topic: {} },
    flags: { output: { ...option, char: 'o', options: ['table', 'json'] } },
  },
  { id: 'profile:use', args: { name: {} }, flags: {} },
  { id: '__complete', hidden: true, args: {}, flags: {} },
];
const live = {
  topics: async () => ['orders', 'outbox', 'payments'],
  groups: async () => ['billing'],
  profiles: async () => ['prod', 'local'],
};

describe('completion', () => {
  test.each([
    [[''], ['consume', 'profile', 'topics']],
    [['t'], ['topics']],
    [
      ['topics', ''],
      ['create', 'describe'],
    ],
    [
      ['topics', 'describe', 'o'],
      ['orders', 'outbox'],
    ],
    [['topics', 'describe', 'orders', ''], []],
    [
      ['topics', 'describe', '-o', ''],
      ['json', 'table'],
    ],
    [['topics', 'create', ''], []],
    [
      ['consume', 'orders', ''],
      ['orders', 'outbox', 'payments'],
    ],
    [['consume', '-e', 'pay'], ['payments']],
    [
      ['consume', '--'],
      ['--end', '--group', '--profile'],
    ],
    [['consume', '-g', ''], ['billing']],
    [['consume', '-P', 'p'], ['prod']],
    [
      ['profile', 'use', ''],
      ['local', 'prod'],
    ],
    [['nonsense', ''], []],
  ])('%j', async (words, expected) => {
    expect(await complete(words, commands, live)).toEqual(expected);
  });
});
