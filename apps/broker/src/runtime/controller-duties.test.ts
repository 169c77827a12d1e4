import { expect, test } from 'vitest';
import { KeptLog } from '../../tests/metadata-harness.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { MetadataStoreError } from '../ports/metadata-store.ts';
import { DutyQueue } from './controller-duties.ts';

function setup() {
  const clock = new VirtualClock();
  const log = new KeptLog();
  const queue = new DutyQueue(clock, log);
  const done: string[] = [];
  const request = (name: string, rank: number, attempt: () => boolean | Error = () => true) =>
    queue.request({
      name,
      rank,
      attempt: async () => {
        await new Promise<void>((resolve) => clock.setTimer(1, resolve));
        const outcome = attempt();
        if (outcome instanceof Error) throw outcome;
        if (outcome) done.push(name);
        return outcome;
      },
    });
  return { clock, log, queue, done, request };
}

test('what is more urgent comes first, and what waits already is not queued twice', async () => {
  const { clock, queue, done, request } = setup();
  request('sweep', 4);
  request('elections', 1);
  request('elections', 1);
  request('moves', 2);
  await clock.pass(2);
  request('stand', 0);
  await clock.pass(100);
  expect(done).toEqual(['elections', 'moves', 'stand', 'sweep']);
  await queue.stop();
});

test('a duty asked for while it is under way is done again: what it decided from may be old', async () => {
  const { clock, queue, done, request } = setup();
  request('elections', 1, () => {
    if (done.length === 0) request('elections', 1);
    return true;
  });
  await clock.pass(100);
  expect(done).toEqual(['elections', 'elections']);
  await queue.stop();
});

test('conflicts, and a store that is away, hold a duty up until it is done; any other fault ends it', async () => {
  const { clock, log, queue, done, request } = setup();
  let attempts = 0;
  request('elections', 1, () => {
    attempts += 1;
    if (attempts < 5) return new MetadataStoreError('unavailable', 'away');
    return attempts >= 8;
  });
  request('broken', 2, () => new Error('a bug'));
  request('sweep', 4);
  await clock.pass(5000);
  expect([attempts, done]).toEqual([8, ['elections', 'sweep']]);
  expect(log.lines.filter((line) => line.includes('a bug'))).toHaveLength(1);
  await queue.stop();
});

test('a stop ends the waiting, and begins nothing more', async () => {
  const { clock, queue, done, request } = setup();
  request('elections', 1, () => new MetadataStoreError('unavailable', 'away'));
  request('sweep', 4);
  await clock.pass(20);
  await clock.settle(queue.stop());
  request('late', 0);
  await clock.pass(1000);
  expect(done).toEqual([]);
});
