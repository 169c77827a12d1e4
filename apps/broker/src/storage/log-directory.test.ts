import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf, type TestEnvironment, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';
import { parseOffsets } from './checkpoint.ts';
import { defaultLogConfig } from './log-config.ts';
import { LogDirectory } from './log-directory.ts';

const FIRST_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
const SECOND_ID = 'AAAAAAAAAAAAAAAAAAAAAg';

async function open(environment: TestEnvironment): Promise<LogDirectory> {
  const hooks = { advanced: () => undefined, failed: () => undefined, offline: () => undefined };
  const directory = await LogDirectory.acquire({ path: '/d', environment, configOf: () => defaultLogConfig, hooks });
  await directory.identify({ clusterId: 'c', nodeId: 1 });
  await directory.loadLogs();
  return directory;
}

test('a partition made anew under a name has nothing of the checkpoints of its namesake', async () => {
  const clock = new VirtualClock();
  const files = new SimFiles({ clock, random: createPrng(1) });
  const directory = await clock.settle(open(testEnvironment({ files, clock })));
  const checkpoint = (name: string) => parseOffsets(new TextDecoder().decode(files.peek(`/d/${name}`))).rows;

  const old = await clock.settle(directory.createLog('t', 0, FIRST_ID));
  const other = await clock.settle(directory.createLog('other', 0, FIRST_ID));
  for (const log of [old, other]) log.append(batchOf(3), { leaderEpoch: 0 });
  await clock.settle(Promise.all([old.flush(), other.flush()]));
  old.advanceLogStartOffset(2);
  await clock.settle(directory.checkpoint());
  expect(checkpoint('recovery-point-offset-checkpoint')).toContainEqual({ topic: 't', partition: 0, offset: 3 });

  // A checkpoint is under way while the partition is deleted and made again.
  const late = directory.checkpoint();
  const remade = directory.deleteLog(old).then(() => directory.createLog('t', 0, SECOND_ID));
  const log = await clock.settle(remade);
  await clock.settle(late);
  for (const name of ['recovery-point-offset-checkpoint', 'log-start-offset-checkpoint']) {
    expect(checkpoint(name).filter(({ topic, offset }) => topic === 't' && offset > 0)).toEqual([]);
    expect(checkpoint(name)).toContainEqual({ topic: 'other', partition: 0, offset: name.startsWith('rec') ? 3 : 0 });
  }

  log.append(batchOf(1), { leaderEpoch: 0 });
  await clock.run(() => log.logEndOffset === 1);
  const survivor = testEnvironment({ files: files.kill(), clock });
  const again = await clock.settle(open(survivor));
  expect(again.log('t', 0)?.logStartOffset).toBe(0);
  expect(again.log('t', 0)?.logEndOffset).toBe(1);
});

/** A partition is deleted, and made anew under its name, while a checkpoint saves what the old one knows. */
async function remakeUnderCheckpoint(seed: number): Promise<void> {
  const clock = new VirtualClock();
  const random = createPrng(seed);
  const files = new SimFiles({ clock, random });
  const directory = await clock.settle(open(testEnvironment({ files, clock })));
  const old = await clock.settle(directory.createLog('t', 0, FIRST_ID));
  old.append(batchOf(1), { leaderEpoch: 3 });
  await clock.pass(random.int(10));
  old.append(batchOf(1), { leaderEpoch: 7 });
  const checkpoint = directory.checkpoint();
  await clock.pass(random.int(10));
  const remade = directory.deleteLog(old).then(() => directory.createLog('t', 0, SECOND_ID));
  const [log] = await clock.settle(Promise.all([remade, checkpoint]));
  await clock.pass(20);
  expect(files.peek('/d/t-0/leader-epoch-checkpoint')).toBeUndefined();
  expect(log.isFailed).toBe(false);
}

test('a checkpoint under way neither fails over a deletion nor leaves anything in the directory of the next', async () => {
  await fc.assert(fc.asyncProperty(fc.integer(), remakeUnderCheckpoint), { numRuns: 100 });
});
