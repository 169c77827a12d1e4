import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import type { PrintWindow, ReadBatch } from './print-batch.ts';
import { ReachWatch } from './reach-watch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const batch = {} as ReadBatch;
const window = {} as PrintWindow;

/** A watch over a cluster that answers while `isThere`, and what it said. */
function watched(hasEnd: boolean) {
  const world = { isThere: true, asked: 0, said: [] as string[] };
  const ask = async (): Promise<void> => {
    world.asked += 1;
    // A connection that leads nowhere says nothing at all.
    if (!world.isThere)
      await (world.asked % 2 === 0 ? new Promise(() => undefined) : Promise.reject(new Error('gone')));
  };
  const watch = new ReachWatch({ ask, tell: (line) => void world.said.push(line), place: 'prod', hasEnd });
  const print = watch.listening(() => ({ bytes: new Uint8Array(0), records: 0, nextOffset: 0 }));
  return { world, watch, record: () => print(batch, window) };
}

test('a topic without news is no reason to speak, and records save the question', async () => {
  const { world, watch, record } = watched(false);
  await vi.advanceTimersByTimeAsync(9_500);
  expect([world.asked, world.said]).toEqual([3, []]);
  record();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(world.asked).toBe(3);
  watch[Symbol.dispose]();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(world.asked).toBe(3);
});

test('following a cluster that is gone: said once, tried for ever, said when it is back', async () => {
  const { world, watch, record } = watched(false);
  world.isThere = false;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(world.said).toEqual(['no broker of prod answers: still trying']);
  expect(watch.signal.aborted).toBe(false);
  world.isThere = true;
  await vi.advanceTimersByTimeAsync(6_000);
  expect(world.said.slice(1)).toEqual(['prod answers again']);
  world.isThere = false;
  await vi.advanceTimersByTimeAsync(12_000);
  record();
  expect(world.said.slice(2)).toEqual(['no broker of prod answers: still trying', 'prod answers again']);
  expect(() => watch.requireReached()).not.toThrow();
});

test('a reading that was to have an end is given up, with the exit code for it', async () => {
  const { world, watch } = watched(true);
  world.isThere = false;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(watch.signal.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(12_000);
  expect(watch.signal.aborted).toBe(true);
  const error = (() => {
    try {
      return watch.requireReached();
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(CliError);
  expect((error as CliError).exitCode).toBe(ExitCode.UNREACHABLE);
});
