import { describe, expect, test } from 'vitest';
import { KeptLog } from '../../tests/metadata-harness.ts';
import { seededRandom, VirtualClock } from '../../tests/virtual-clock.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import { configsKey } from '../core/metadata/keys.ts';
import { noStoreFaults, SimMetadataStore, type SimStoreFaults } from '../sim/sim-metadata-store.ts';
import { SimStoreServer } from '../sim/sim-store-server.ts';
import { MetadataLoader } from './metadata-loader.ts';

function setup(faults: Partial<SimStoreFaults> = {}, seed = 1) {
  const clock = new VirtualClock();
  const server = new SimStoreServer(clock);
  const random = seededRandom(seed);
  const store = new SimMetadataStore({ server, clock, random, faults: { ...noStoreFaults, ...faults } });
  const log = new KeptLog();
  const failures: Error[] = [];
  const loader = new MetadataLoader({ store, clock, logger: log, failed: (error) => failures.push(error) });
  const write = (name: string, value = '{}') => {
    const revision = server.commit({
      conditions: [],
      operations: [{ type: 'put', key: configsKey('topic', name), value }],
    });
    return revision ?? -1;
  };
  return { clock, server, store, log, failures, loader, write };
}

describe('the loader', () => {
  test('gives each image to the subscribers in order, with the one before it', async () => {
    const { clock, loader, write } = setup();
    write('a');
    const seen: string[] = [];
    const note = (who: string) => (previous: ClusterImage | undefined, next: ClusterImage) => {
      seen.push(`${who} ${previous?.revision}-${next.revision}`);
    };
    loader.subscribe(note('first'));
    loader.subscribe(note('second'));
    await clock.settle(loader.start());
    await clock.settle(loader.whenApplied(write('b')));
    await clock.settle(loader.whenApplied(write('c')));
    expect(seen).toEqual([
      'first undefined-1',
      'second undefined-1',
      'first 1-2',
      'second 1-2',
      'first 2-3',
      'second 2-3',
    ]);
    await clock.settle(loader.stop());
  });

  test('shows an image only when every subscriber has put it in force', async () => {
    const { clock, loader, write } = setup();
    let release = () => {};
    let isHeld = false;
    loader.subscribe(async (previous) => {
      if (previous === undefined) return;
      isHeld = true;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
    });
    await clock.settle(loader.start());
    const revision = write('a');
    let isApplied = false;
    const applied = loader.whenApplied(revision).then(() => {
      isApplied = true;
    });
    await clock.run(() => isHeld);
    expect([loader.image().revision, isApplied]).toEqual([0, false]);
    release();
    await clock.settle(applied);
    expect(loader.image().configs.has('topic/a')).toBe(true);
    await clock.settle(loader.stop());
  });

  test('puts together what arrives while subscribers are at work', async () => {
    const { clock, loader, write } = setup();
    const steps: number[] = [];
    loader.subscribe(async (_previous, next) => {
      steps.push(next.revision);
      await new Promise<void>((resolve) => clock.setTimer(100, resolve));
    });
    await clock.settle(loader.start());
    let last = 0;
    for (let index = 0; index < 50; index++) last = write(`t${index}`);
    await clock.settle(loader.whenApplied(last));
    expect(steps).toEqual([0, 1, 50]);
    expect(loader.image().configs.size).toBe(50);
    await clock.settle(loader.stop());
  });

  test('resumes a watch that breaks off, whatever the delays, without missing anything', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { clock, loader, write, failures } = setup({ brokenWatchChance: 300, delayMsMax: 50 }, seed);
      await clock.settle(loader.start());
      let last = 0;
      for (let index = 0; index < 30; index++) {
        last = write(`t${index}`);
        if (index % 3 === 0) await clock.pass(index);
      }
      await clock.settle(loader.whenApplied(last));
      expect([loader.image().configs.size, failures]).toEqual([30, []]);
      await clock.settle(loader.stop());
    }
  });

  test('reads afresh when a compaction has overtaken it', async () => {
    const { clock, server, store, loader, write, log } = setup();
    write('a');
    await clock.settle(loader.start());
    store.cutOff(true);
    for (let index = 0; index < 10; index++) write(`t${index}`);
    server.compact(server.revision);
    store.cutOff(false);
    await clock.settle(loader.whenApplied(11));
    expect(loader.image().configs.size).toBe(11);
    expect(log.lines.join()).toContain('compacted');
    await clock.settle(loader.whenApplied(write('later')));
    await clock.settle(loader.stop());
  });

  test('fails at a corrupt value, names it, and rejects who waits', async () => {
    const { clock, loader, write, failures } = setup();
    await clock.settle(loader.start());
    const waiting = clock.settle(loader.whenApplied(write('a', '[]')));
    await expect(waiting).rejects.toThrow('configs/topic/a is corrupt');
    expect(failures.map((error) => error.message).join()).toContain('configs/topic/a is corrupt');
    await expect(loader.whenApplied(99)).rejects.toThrow('corrupt');
    await clock.settle(loader.stop());
  });

  test('fails when a subscriber does: what it left half done must not be built upon', async () => {
    const { clock, loader, write, failures } = setup();
    const seen: number[] = [];
    loader.subscribe((previous) => {
      if (previous !== undefined) throw new Error('a bug');
    });
    loader.subscribe((_previous, next) => void seen.push(next.revision));
    await clock.settle(loader.start());
    const waiting = clock.settle(loader.whenApplied(write('a')));
    await expect(waiting).rejects.toThrow('a bug');
    write('b');
    await clock.pass(1000);
    expect([seen, failures.map((error) => error.message), loader.image().revision]).toEqual([[0], ['a bug'], 0]);
    await clock.settle(loader.stop());
  });

  test('refuses to start on a corrupt store', async () => {
    const { clock, loader, write } = setup();
    write('a', 'nonsense');
    await expect(clock.settle(loader.start())).rejects.toThrow('configs/topic/a is corrupt');
  });

  test('stops at once, and tells who waits', async () => {
    const { clock, loader } = setup();
    await clock.settle(loader.start());
    const waiting = loader.whenApplied(5);
    const outcome = expect(waiting).rejects.toThrow('stopped');
    await clock.settle(loader.stop());
    await outcome;
  });
});
