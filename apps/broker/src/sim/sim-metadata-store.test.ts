import { describe, expect, test } from 'vitest';
import { metadataStoreContract } from '../../tests/metadata-store-contract.ts';
import { seededRandom, VirtualClock } from '../../tests/virtual-clock.ts';
import { createNodeClock } from '../adapters/node-clock.ts';
import { noStoreFaults, SimMetadataStore, type SimStoreFaults } from './sim-metadata-store.ts';
import { SimStoreServer } from './sim-store-server.ts';

metadataStoreContract('The simulated store', async () => {
  const clock = createNodeClock();
  return new SimMetadataStore({ server: new SimStoreServer(clock), clock, random: seededRandom(1) });
});

metadataStoreContract('The simulated store behind wires', async () => {
  const clock = createNodeClock();
  const random = seededRandom(1);
  const route = { toStore: () => random.int(2), fromStore: () => random.int(2) };
  return new SimMetadataStore({ server: new SimStoreServer(clock), clock, random, route });
});

function cluster(seed: number, faults: Partial<SimStoreFaults> = {}) {
  const clock = new VirtualClock();
  const server = new SimStoreServer(clock);
  const random = seededRandom(seed);
  const client = () => new SimMetadataStore({ server, clock, random, faults: { ...noStoreFaults, ...faults } });
  return { clock, server, client };
}
const put = (key: string, value: string, leaseId?: string) =>
  leaseId === undefined ? ({ type: 'put', key, value } as const) : ({ type: 'put', key, value, leaseId } as const);

describe('faults', () => {
  test('lost answers: the commit has happened in some cases and not in others', async () => {
    const { clock, server, client } = cluster(3, { lostAnswerChance: 500 });
    const store = client();
    const outcomes = new Set<string>();
    for (let index = 0; index < 100; index++) {
      const result = await clock.settle(store.commit({ conditions: [], operations: [put(`k${index}`, '')] }));
      outcomes.add(`${result.status} ${server.entries(`k${index}`).length}`);
    }
    expect([...outcomes].sort()).toEqual(['ok 1', 'unknown 0', 'unknown 1']);
  });

  test('injected conflicts leave nothing behind', async () => {
    const { clock, server, client } = cluster(4, { conflictChance: 1000 });
    expect(await clock.settle(client().commit({ conditions: [], operations: [put('k', '')] }))).toEqual({
      status: 'conflict',
    });
    expect(server.revision).toBe(0);
  });

  test('a watch that breaks off can be resumed', async () => {
    const { clock, client } = cluster(5, { brokenWatchChance: 400, delayMsMax: 5 });
    const store = client();
    for (let index = 0; index < 50; index++)
      await clock.settle(store.commit({ conditions: [], operations: [put('k', `${index}`)] }));
    const seen: number[] = [];
    let breaks = 0;
    const follow = async () => {
      while (seen.length < 50) {
        const end = new AbortController();
        try {
          for await (const { revision } of store.watch('', (seen.at(-1) ?? 0) + 1, end.signal)) {
            seen.push(revision);
            if (revision % 10 === 0) end.abort();
          }
        } catch {
          breaks += 1;
        }
      }
    };
    await clock.settle(follow());
    expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(breaks).toBeGreaterThan(0);
  });

  test('the same seed gives the same history', async () => {
    const run = async (seed: number) => {
      const { clock, server, client } = cluster(seed, { delayMsMax: 20, conflictChance: 100, lostAnswerChance: 100 });
      const all = [0, 1, 2].flatMap((id) => Array.from({ length: 20 }, () => ({ id, store: client() })));
      await clock.settle(
        Promise.all(all.map(({ id, store }) => store.commit({ conditions: [], operations: [put('k', `${id}`)] }))),
      );
      return JSON.stringify(server.history(1, 1000));
    };
    expect(await run(7)).toBe(await run(7));
    expect(await run(7)).not.toBe(await run(8));
  });
});

describe('leases', () => {
  test('live as long as their client reaches the store, and run out when it does not', async () => {
    const { clock, server, client } = cluster(1);
    const store = client();
    const lease = await clock.settle(store.lease(9000));
    await clock.settle(store.commit({ conditions: [], operations: [put('live/1', '', lease.id)] }));
    await clock.pass(60_000);
    expect(server.entries('live/')).toHaveLength(1);
    expect(lease.deadlineMs()).toBeGreaterThan(clock.monotonicMs());
    store.cutOff(true);
    await clock.pass(10_000);
    expect(server.entries('live/')).toHaveLength(0);
    expect(lease.deadlineMs()).toBeLessThan(clock.monotonicMs());
  });

  test('the deadline passes before the store ends the lease', async () => {
    const { clock, server, client } = cluster(1);
    const store = client();
    const lease = await clock.settle(store.lease(9000));
    await clock.settle(store.commit({ conditions: [], operations: [put('live/1', '', lease.id)] }));
    store.cutOff(true);
    await clock.run(() => server.entries('live/').length === 0);
    expect(lease.deadlineMs()).toBeLessThanOrEqual(clock.monotonicMs());
  });

  test('of a client that crashed run out', async () => {
    const { clock, server, client } = cluster(1);
    const store = client();
    const lease = await clock.settle(store.lease(9000));
    await clock.settle(store.commit({ conditions: [], operations: [put('live/1', '', lease.id)] }));
    await store.close();
    expect(server.entries('live/')).toHaveLength(1);
    await clock.pass(9001);
    expect(server.entries('live/')).toHaveLength(0);
  });
});

test('while it is cut off a client reads nothing and does not know what became of its commits', async () => {
  const { clock, server, client } = cluster(1);
  const store = client();
  store.cutOff(true);
  await expect(clock.settle(store.read(''))).rejects.toMatchObject({ kind: 'unavailable' });
  expect(await clock.settle(store.commit({ conditions: [], operations: [put('k', '')] }))).toEqual({
    status: 'unknown',
  });
  expect(server.revision).toBe(0);
});

describe('behind wires', () => {
  /** A client whose requests, and the store's answers, can be held up, each way by itself. */
  function wired() {
    const { clock, server } = cluster(1);
    const wires = { isHeard: true, isAnswered: true };
    const route = {
      toStore: () => (wires.isHeard ? 1 : undefined),
      fromStore: () => (wires.isAnswered ? 1 : undefined),
    };
    const store = new SimMetadataStore({ server, clock, random: seededRandom(1), route });
    return { clock, server, wires, store };
  }

  test('of which only the way back is cut commits are applied, and nobody is told', async () => {
    const { clock, server, wires, store } = wired();
    wires.isAnswered = false;
    const commit = store.commit({ conditions: [], operations: [put('k', '')] });
    expect(await clock.settle(commit)).toEqual({ status: 'unknown' });
    expect(server.entries('k')).toHaveLength(1);
    await expect(clock.settle(store.read(''))).rejects.toMatchObject({ kind: 'unavailable' });
    wires.isHeard = false;
    expect(await clock.settle(store.commit({ conditions: [], operations: [put('l', '')] }))).toEqual({
      status: 'unknown',
    });
    expect(server.entries('l')).toHaveLength(0);
  });

  test('of which only the way back is cut the lease lives on, but its holder cannot know', async () => {
    const { clock, server, wires, store } = wired();
    const lease = await clock.settle(store.lease(9000));
    await clock.settle(store.commit({ conditions: [], operations: [put('live/1', '', lease.id)] }));
    wires.isAnswered = false;
    await clock.pass(20_000);
    expect(server.entries('live/')).toHaveLength(1);
    expect(lease.deadlineMs()).toBeLessThan(clock.monotonicMs());
    wires.isAnswered = true;
    await clock.pass(5000);
    expect(lease.deadlineMs()).toBeGreaterThan(clock.monotonicMs());
  });

  test('that are cut a watch stands still, and misses nothing', async () => {
    const { clock, wires, store } = wired();
    const seen: number[] = [];
    const end = new AbortController();
    const following = (async () => {
      for await (const { revision } of store.watch('', 1, end.signal)) seen.push(revision);
    })();
    await clock.settle(store.commit({ conditions: [], operations: [put('k', '1')] }));
    await clock.run(() => seen.length === 1);
    wires.isAnswered = false;
    await clock.settle(store.commit({ conditions: [], operations: [put('k', '2')] }));
    await clock.settle(store.commit({ conditions: [], operations: [put('k', '3')] }));
    expect(seen).toEqual([1]);
    wires.isAnswered = true;
    await clock.run(() => seen.length === 3);
    expect(seen).toEqual([1, 2, 3]);
    end.abort();
    await clock.settle(following);
  });
});
