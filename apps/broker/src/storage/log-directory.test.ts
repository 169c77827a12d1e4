import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf, type TestEnvironment, testEnvironment } from '../../tests/storage/log-fixture.ts';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { createPrng } from '../sim/prng.ts';
import { FilesError } from '../ports/files.ts';
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

test('a partition that cannot be opened keeps what the checkpoints say of it', async () => {
  const clock = new VirtualClock();
  const written = new SimFiles({ clock, random: createPrng(1) });
  const before = await clock.settle(open(testEnvironment({ files: written, clock })));
  const log = await clock.settle(before.createLog('t', 0, FIRST_ID));
  log.append(batchOf(3), { leaderEpoch: 0 });
  await clock.settle(log.flush());
  log.advanceLogStartOffset(2);
  await clock.settle(before.checkpoint());
  let unopened = 0;
  // Each operation of the start fails once, until one start needs fewer.
  for (let faultAt = 0, isOver = false; !isOver; faultAt++) {
    const files = written.kill();
    let count = 0;
    files.faults.read = () => (count++ === faultAt ? 'io' : undefined);
    const directory = await clock.settle(open(testEnvironment({ files, clock })));
    isOver = count <= faultAt;
    if (directory.openFailure('t', 0) === undefined) continue;
    unopened++;
    await clock.settle(directory.checkpoint());
    const again = await clock.settle(open(testEnvironment({ files: files.kill(), clock })));
    expect(again.log('t', 0)?.logStartOffset).toBe(2);
  }
  expect(unopened).toBeGreaterThan(0);
});

test('retention that waits for its turn has nothing to say of a partition that is deleted meanwhile', async () => {
  const clock = new VirtualClock();
  const files = new SimFiles({ clock, random: createPrng(1) });
  const environment = testEnvironment({ files, clock });
  const directory = await clock.settle(open(environment));
  const log = await clock.settle(directory.createLog('t', 0, FIRST_ID));
  log.append(batchOf(3), { leaderEpoch: 0 });
  await clock.settle(log.flush());
  const cutting = log.truncateTo(0).catch(() => undefined);
  const retention = directory.deleteOldSegments(() => 0);
  await clock.settle(Promise.all([cutting, retention, directory.deleteLog(log)]));
  expect(environment.logger.lines).toEqual([]);
});

test('a disk that refuses anything at a start takes the directory offline, with one line, and nothing else', async () => {
  const clock = new VirtualClock();
  const written = new SimFiles({ clock, random: createPrng(1) });
  const before = await clock.settle(open(testEnvironment({ files: written, clock })));
  await clock.settle(before.createLog('t', 0, FIRST_ID));
  await clock.settle(before.close(7));
  let [offline, whole] = [0, 0];
  // Each operation of the start fails once, until one start needs fewer.
  for (let faultAt = 0; ; faultAt++) {
    const files = written.kill();
    let count = 0;
    const fault = () => (count++ === faultAt ? 'io' : undefined);
    Object.assign(files.faults, { read: fault, write: fault, sync: fault });
    const environment = testEnvironment({ files, clock });
    const directory = await clock.settle(open(environment));
    const lines = environment.logger.lines.filter((line) => line === 'a log directory goes offline');
    expect(lines.length).toBe(directory.isOffline ? 1 : 0);
    if (directory.isOffline) {
      offline++;
      expect(directory.failure).toBeInstanceOf(FilesError);
      await expect(clock.settle(directory.createLog('new', 0, SECOND_ID))).rejects.toThrow(FilesError);
    }
    const isOver = count <= faultAt;
    count = Number.POSITIVE_INFINITY;
    await clock.settle(directory.close(undefined));
    if (isOver) {
      whole++;
      break;
    }
  }
  expect(offline).toBeGreaterThan(5);
  expect(whole).toBe(1);
});

test('a disk that does not answer at a start is offline after a while; a lock that it gives later is given back', async () => {
  const clock = new VirtualClock();
  const disk = new SimFiles({ clock, random: createPrng(1) });
  let released = 0;
  let answer: (() => void) | undefined;
  const hanging = new Proxy(disk, {
    get: (target, name) => {
      if (name === 'lock') {
        return () =>
          new Promise((resolve) => {
            answer = () => resolve({ release: async () => void released++ });
          });
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const environment = testEnvironment({ files: hanging, clock });
  const directory = await clock.settle(open(environment));
  expect(directory.failure?.message).toBe('/d: the disk did not answer for 30 s');
  expect(environment.logger.lines).toEqual(['a log directory goes offline']);
  answer?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(released).toBe(1);
  await clock.settle(directory.close(undefined));
});

test('a directory of another cluster or node is refused, not taken offline', async () => {
  const clock = new VirtualClock();
  const files = new SimFiles({ clock, random: createPrng(1) });
  await clock.settle(open(testEnvironment({ files, clock })).then((made) => made.close(1)));
  const hooks = { advanced: () => undefined, failed: () => undefined, offline: () => undefined };
  const environment = testEnvironment({ files, clock });
  const directory = await clock.settle(
    LogDirectory.acquire({ path: '/d', environment, configOf: () => defaultLogConfig, hooks }),
  );
  await expect(directory.identify({ clusterId: 'other', nodeId: 1 })).rejects.toThrow(
    'belongs to cluster c, not to other',
  );
  await expect(directory.identify({ clusterId: 'c', nodeId: 2 })).rejects.toThrow('belongs to node 1, not to 2');
});
