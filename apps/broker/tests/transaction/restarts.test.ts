import { decodeControlRecord, type RecordBatch } from '@ks/protocol';
import { describe, expect, test } from 'vitest';
import { type Death, MortalBroker } from './mortal-broker.ts';
import { PARTITIONS, TransactionalClient } from './transactional-client.ts';

const text = new TextDecoder();

/** A partition in words: values as they came, and what each marker says. */
function told(batches: readonly RecordBatch[]): readonly string[] {
  return batches.flatMap((batch) =>
    [...batch.records(batch.payload)].map(({ key, value }) =>
      batch.isControl ? decodeControlRecord(key, value).type : text.decode(value ?? new Uint8Array(0)),
    ),
  );
}

/** Two transactions, the first with the given outcome, the second with the other, over a death somewhere in between. */
async function live(version: 1 | 2, committed: boolean, death: Death | undefined, isFlushed = false) {
  const broker = new MortalBroker(death, isFlushed ? { 'log.flush.interval.messages': '1' } : {});
  const client = new TransactionalClient(broker, version);
  const work = async () => {
    await client.prepare();
    broker.arm(isFlushed);
    await client.init();
    await client.transact('first', 11, committed);
    await client.transact('second', 22, !committed);
    const state = await settledState(client, broker);
    const partitions = [];
    for (const partition of PARTITIONS) {
      partitions.push({ ends: await client.ends(partition), told: told(await client.batches(partition)) });
    }
    return { state, partitions, offset: await client.committedOffset() };
  };
  const outcome = await broker.run(work());
  return { ...outcome, steps: broker.steps, lives: broker.lifeCount, violations: broker.violations };
}

async function settledState(client: TransactionalClient, broker: MortalBroker): Promise<string> {
  for (;;) {
    const state = await client.state();
    if (state.startsWith('Complete')) return state;
    await broker.sleep(10);
  }
}

function check(outcome: Awaited<ReturnType<typeof live>>, committed: boolean): void {
  const [first, second] = committed ? ['commit', 'abort'] : ['abort', 'commit'];
  expect(outcome.violations).toEqual([]);
  expect(outcome.state).toBe(committed ? 'CompleteAbort' : 'CompleteCommit');
  expect(outcome.offset).toBe(committed ? 11 : 22);
  for (const { ends, told: words } of outcome.partitions) {
    expect(ends.stable, 'nothing is left open').toBe(ends.all);
    // A marker may be written again after a restart; it then ends nothing.
    const once = words.filter((word, index) => word !== words[index - 1]);
    expect(once).toEqual(['first', first, 'second', second]);
    expect(words.filter((word) => word === 'first' || word === 'second')).toEqual(['first', 'second']);
  }
}

describe.each([1, 2] as const)('transactions of version %i', (version) => {
  test.each([true, false])('a kill at any write leaves one outcome (first commits: %s)', async (committed) => {
    const undisturbed = await live(version, committed, undefined);
    check(undisturbed, committed);
    expect(undisturbed.steps).toBeGreaterThan(15);
    for (let nth = 1; nth <= undisturbed.steps; nth++) {
      for (const how of ['done', 'torn'] as const) {
        const outcome = await live(version, committed, { nth, how });
        expect(outcome.lives, `write ${nth} was reached`).toBe(2);
        check(outcome, committed);
      }
    }
  });

  test('so does a power cut at any write or sync, where every append is flushed', async () => {
    const undisturbed = await live(version, true, undefined, true);
    check(undisturbed, true);
    expect(undisturbed.steps).toBeGreaterThan(30);
    for (let nth = 1; nth <= undisturbed.steps; nth++) {
      const outcome = await live(version, true, { nth, how: 'power-cut' }, true);
      expect(outcome.lives, `step ${nth} was reached`).toBe(2);
      check(outcome, true);
    }
  });
});
