import { expect, test } from 'vitest';
import { VirtualClock } from '../../tests/virtual-clock.ts';
import { createPrng } from '../sim/prng.ts';
import { SimFiles } from '../sim/sim-files.ts';
import { emptyIndexes, Segment } from './segment.ts';
import { writeIndexes } from './segment-files.ts';

test('who writes a segment’s index files while they are being written waits for them', async () => {
  const clock = new VirtualClock();
  const files = new SimFiles({ clock, random: createPrng(1) });
  await clock.settle(files.makeDirectory('/t-0'));
  const segment = new Segment('/t-0', 0, 0);
  segment.indexes = emptyIndexes(0);
  const first = writeIndexes(files, segment);
  await clock.pass(0.1);
  // As an index that is built anew does.
  segment.indexes.times.maybeAppend(7, 3);
  segment.areIndexesOnDisk = false;
  await clock.settle(Promise.all([first, writeIndexes(files, segment)]));
  expect(files.peek('/t-0/00000000000000000000.timeindex')).toEqual(segment.indexes.times.bytes);
  expect(segment).toMatchObject({ areIndexesOnDisk: true, areIndexesUnderWay: false });
});
