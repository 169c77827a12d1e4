import { expect, test } from 'vitest';
import { Refresher } from './refresher.ts';

interface Load {
  readonly topics: readonly string[];
  finish(error?: Error): void;
}

function recorded(): { readonly loads: Load[]; readonly refresher: Refresher } {
  const loads: Load[] = [];
  const refresher = new Refresher(
    (topics) =>
      new Promise((resolve, reject) => {
        loads.push({ topics, finish: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  );
  return { loads, refresher };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('calls of one moment share a load, later ones the next', async () => {
  const { loads, refresher } = recorded();
  const first = Promise.all([refresher.refresh(['a']), refresher.refresh(['b']), refresher.refresh([])]);
  await settled();
  expect(loads.map((load) => load.topics)).toEqual([['a', 'b']]);
  const second = Promise.all([refresher.refresh(['c']), refresher.refresh(['d'])]);
  await settled();
  expect(loads).toHaveLength(1);
  loads[0]?.finish();
  await first;
  await settled();
  expect(loads.map((load) => load.topics)).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  expect(refresher.isBusy).toBe(true);
  loads[1]?.finish();
  await second;
  expect(refresher.isBusy).toBe(false);
});

test('a load that fails fails its callers alone', async () => {
  const { loads, refresher } = recorded();
  const first = refresher.refresh(['a']);
  await settled();
  const second = refresher.refresh(['b']);
  loads[0]?.finish(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  await settled();
  loads[1]?.finish();
  await second;
  expect(refresher.isBusy).toBe(false);
});
