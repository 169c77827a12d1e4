import { parseArgs } from 'node:util';
import { temporaryDirectory } from '../temporary-directory.ts';
import { allWorkers, faultRounds } from './fault-rounds.ts';
import { faults } from './faults.ts';
import { seededRandom } from './seeded-random.ts';

// Faults of real processes under load: npm run faults -- [--rounds N] [--seed N] [--only words of a fault's name] [--keep]

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string', multiple: true },
  },
});
const seed = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed);
const random = seededRandom(seed);
const chosen = faults.filter(({ name }) => (values.only ?? ['']).some((words) => name.includes(words)));
if (chosen.length === 0) throw new Error(`no such fault; there are:\n${faults.map(({ name }) => name).join('\n')}`);
const rounds = values.rounds === undefined ? chosen.length : Number(values.rounds);
console.info(`seed ${seed}, ${rounds} rounds`);

await using directory = await temporaryDirectory();
const { acknowledged, broken, skipped, compared } = await faultRounds({
  directory: directory.path,
  faults: shuffled(chosen),
  rounds,
  random,
  workers: allWorkers,
  told: (line) => console.info(`${(performance.now() / 1000).toFixed(1)} s: ${line}`),
});
for (const [topic, count] of acknowledged) console.info(`${topic}: ${count} acknowledged`);
for (const name of skipped) console.info(`not tried, as this machine lacks the means: ${name}`);
console.info(`${compared} batches are the same in two copies`);
for (const one of broken.slice(0, 100)) console.error(one);
console.info(broken.length === 0 ? 'No promise was broken.' : `${broken.length} broken promises (seed ${seed})`);
process.exitCode = broken.length === 0 ? 0 : 1;

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
