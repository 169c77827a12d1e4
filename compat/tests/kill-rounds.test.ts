import { expect, test } from 'vitest';
import { commits } from '../src/kill-rounds/commits-worker.ts';
import { kafkajsProducer, kafkajsTransactions } from '../src/kill-rounds/kafkajs-workers.ts';
import { kcatProducer } from '../src/kill-rounds/kcat-worker.ts';
import { killRounds } from '../src/kill-rounds/kill-rounds.ts';
import { checkPartition } from '../src/kill-rounds/worker.ts';
import { testWith } from '../src/peers.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

testWith('kcat')(
  'kill -9 in the middle of everything: nothing acknowledged is lost, doubled, reordered or taken back (longer: src/kill-rounds/main.ts)',
  { timeout: 240_000 },
  async () => {
    await using directory = await temporaryDirectory();
    let seed = 7;
    const { acknowledged, broken } = await killRounds({
      directory: directory.path,
      rounds: 4,
      lifeMsMax: 800,
      random: () => {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
        return seed / 0x1_0000_0000;
      },
      workers: [kafkajsProducer(false), kafkajsProducer(true), kafkajsTransactions(), commits(), kcatProducer()],
    });
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
