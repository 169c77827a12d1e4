import { expect, test } from 'vitest';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { CompletionWaiters } from './completion-waiters.ts';

const isBusy = (answer: string): boolean => answer === 'busy';

test('who comes too early is answered as soon as the transaction before is over', async () => {
  const clock = new VirtualClock();
  const waiters = new CompletionWaiters(clock);
  let asked = 0;
  const answer = waiters.patiently('t', () => Promise.resolve(++asked === 1 ? 'busy' : 'done'), isBusy);
  await new Promise((resolve) => setImmediate(resolve));
  waiters.wake('another');
  expect(asked).toBe(1);
  waiters.wake('t');
  expect(await answer).toBe('done');
  expect(clock.monotonicMs()).toBe(1);
});

test('where it does not end, the client is told to come back, and no timer stays', async () => {
  const clock = new VirtualClock();
  let asked = 0;
  const ask = (): Promise<string> => {
    asked += 1;
    return Promise.resolve('busy');
  };
  expect(await clock.settle(new CompletionWaiters(clock).patiently('t', ask, isBusy))).toBe('busy');
  expect(asked).toBe(5);
  expect(clock.monotonicMs()).toBe(81);
  await expect(clock.run(() => false)).rejects.toThrow('nothing is left');
});
