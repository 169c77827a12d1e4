import { expect, test } from 'vitest';
import { hasEtcd } from '../src/etcd-process.ts';
import { GroupLedger } from '../src/kill-rounds/group-ledger.ts';
import { killRounds } from '../src/kill-rounds/kill-rounds.ts';
import { mixConfig, mixOfWorkers } from '../src/kill-rounds/mix.ts';
import { oneBroker, threeBrokers } from '../src/kill-rounds/targets.ts';
import { TransactionOutcomes } from '../src/kill-rounds/transaction-outcomes.ts';
import { checkPartition } from '../src/kill-rounds/worker.ts';
import { testWith } from '../src/peers.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

const seeded = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return seed / 0x1_0000_0000;
};

testWith('kcat')(
  'kill -9 in the middle of everything: nothing acknowledged is lost, doubled, reordered or taken back (longer: src/kill-rounds/main.ts)',
  { timeout: 240_000 },
  async () => {
    await using directory = await temporaryDirectory();
    await using target = await oneBroker(directory.path, 800, mixConfig);
    const random = seeded(7);
    const { acknowledged, broken } = await killRounds({ target, rounds: 4, random, workers: mixOfWorkers(random) });
    expect(broken).toEqual([]);
    for (const [topic, count] of acknowledged) expect(count, topic).toBeGreaterThan(0);
  },
);

test.skipIf(!hasEtcd && process.env['CI'] !== 'true')(
  'three brokers over etcd, of which one at a time is killed: nothing acknowledged is lost, doubled, reordered or taken back',
  { timeout: 300_000 },
  async () => {
    await using directory = await temporaryDirectory();
    await using target = await threeBrokers(directory.path, 1500, mixConfig);
    const random = seeded(5);
    const { acknowledged, broken } = await killRounds({ target, rounds: 4, random, workers: mixOfWorkers(random) });
    expect(broken).toEqual([]);
    for (const [topic, count] of acknowledged) expect(count, topic).toBeGreaterThan(0);
  },
);

test('the checker sees what is lost, doubled and reordered', () => {
  expect(checkPartition('p', ['a', 'b'], ['a', 'b', 'c'], true)).toEqual([]);
  expect(checkPartition('p', ['a', 'b'], ['a', 'a', 'b'], false)).toEqual([]);
  expect(checkPartition('p', ['a', 'b'], ['a', 'a', 'b'], true)).toHaveLength(1);
  expect(checkPartition('p', ['a', 'b'], ['a'], true)).toHaveLength(1);
  expect(checkPartition('p', ['a', 'b'], ['b', 'a'], true)).toHaveLength(1);
});

test('the checker of transactions sees what is aborted and read, and what is there by half', () => {
  const outcomes = new TransactionOutcomes('t');
  outcomes.tell('a', 'committed');
  outcomes.tell('b', 'aborted');
  outcomes.tell('c', 'unknown');
  const check = (...values: readonly (readonly string[])[]) => outcomes.check(new Map([...values.entries()]));
  expect(check(['a'], ['a'])).toEqual([]);
  expect(check(['a', 'c'], ['a', 'c'])).toEqual([]);
  expect(check(['a'], [])).toHaveLength(1);
  expect(check(['a', 'c'], ['a'])).toHaveLength(1);
  expect(check(['a', 'b'], ['a'])).toHaveLength(1);
});

test('the checker of groups sees records that are skipped, commits that go back, and what nobody got', () => {
  const ledgerOf = (...steps: readonly ((ledger: GroupLedger) => void)[]): GroupLedger => {
    const ledger = new GroupLedger('g');
    ledger.assigned('m', 0);
    ledger.got('m', 0, 0, 'a');
    ledger.tries(0, 1);
    ledger.committed(0, 1);
    for (const step of steps) step(ledger);
    return ledger;
  };
  const at = (offset: number) => new Map([[0, offset]]);
  expect(ledgerOf().check(at(1), ['a'])).toEqual([]);
  expect(ledgerOf().check(at(0), ['a'])).toHaveLength(1);
  expect(ledgerOf().check(at(2), ['a'])).toHaveLength(1);
  expect(ledgerOf().check(at(1), ['a', 'b'])).toHaveLength(1);
  expect(ledgerOf((ledger) => ledger.got('m', 0, 2, 'c')).check(at(1), ['a'])).toHaveLength(1);
  const again = (offset: number) => (ledger: GroupLedger) => {
    ledger.assigned('n', 0);
    ledger.got('n', 0, offset, 'b');
  };
  expect(ledgerOf(again(1)).check(at(1), ['a'])).toEqual([]);
  expect(ledgerOf(again(0)).check(at(1), ['a'])).toHaveLength(1);
});
