import { fetchProgram } from '../kafka/program-jars.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { type Blow, wordCountRounds } from './word-count-rounds.ts';

// Kafka Streams under many blows at random: node --conditions=@ks/source compat/src/streams/main.ts [blows]

const [count = 20] = process.argv.slice(2).map(Number);
const all: readonly Blow[] = [
  'the broker is killed',
  'the application is killed',
  'the application starts anew, without its state',
];
await fetchProgram('streams');
for (const guarantee of ['at_least_once', 'exactly_once_v2'] as const) {
  await using directory = await temporaryDirectory();
  const blows = Array.from(
    { length: count },
    () => all[Math.floor(Math.random() * all.length)] ?? 'the broker is killed',
  );
  const { words, broken } = await wordCountRounds(directory.path, guarantee, blows);
  for (const one of broken) console.error(one);
  console.info(`${guarantee}, ${count} blows: ${words} words, ${broken.length} wrong`);
  if (broken.length > 0) process.exitCode = 1;
}
