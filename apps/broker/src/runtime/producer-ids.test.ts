import { expect, test } from 'vitest';
import { seededRandom, VirtualClock } from '../../tests/virtual-clock.ts';
import { noStoreFaults, SimMetadataStore, type SimStoreFaults } from '../sim/sim-metadata-store.ts';
import { SimStoreServer } from '../sim/sim-store-server.ts';
import { BlockProducerIds } from './producer-ids.ts';

function cluster(seed: number, faults: Partial<SimStoreFaults> = {}) {
  const clock = new VirtualClock();
  const server = new SimStoreServer(clock);
  const random = seededRandom(seed);
  const store = () => new SimMetadataStore({ server, clock, random, faults: { ...noStoreFaults, ...faults } });
  return { clock, server, broker: () => new BlockProducerIds(store(), random) };
}

test('no id is given twice, by several brokers, over restarts, with answers lost and conflicts in the store', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { clock, broker } = cluster(seed, { lostAnswerChance: 200, conflictChance: 200, delayMsMax: 5 });
    const brokers = [broker(), broker(), broker()];
    const given: number[] = [];
    for (let round = 0; round < 6; round++) {
      const asked = Array.from({ length: 900 }, (_, index) => brokers[index % 3]?.next() ?? -1);
      given.push(...(await clock.settle(Promise.all(asked))));
      brokers[round % 3] = broker();
    }
    expect(new Set(given).size).toBe(given.length);
    expect(Math.min(...given)).toBeGreaterThanOrEqual(0);
  }
});

test('ids come one after the other, from one block of the store per thousand', async () => {
  const { clock, server, broker } = cluster(1);
  const ids = broker();
  const given: number[] = [];
  for (let index = 0; index < 2001; index++) given.push(await clock.settle(ids.next()));
  expect(given).toEqual(Array.from({ length: 2001 }, (_, index) => index));
  expect(server.revision).toBe(3);
});
