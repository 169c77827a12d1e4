import { temporaryDirectory } from '../temporary-directory.ts';
import { killRounds } from './kill-rounds.ts';
import { mixConfig, mixOfWorkers } from './mix.ts';
import { oneBroker, threeBrokers } from './targets.ts';

// Kills brokers again and again under load: node --conditions=@ks/source compat/src/kill-rounds/main.ts [rounds] [life in ms] [brokers: 1 or 3]

const [rounds = 100, lifeMsMax = 1500, brokerCount = 1] = process.argv.slice(2).map(Number);
await using directory = await temporaryDirectory();
const start = brokerCount === 1 ? oneBroker : threeBrokers;
await using target = await start(directory.path, lifeMsMax, mixConfig);
const { acknowledged, broken, startsMs } = await killRounds({
  target,
  rounds,
  random: Math.random,
  workers: mixOfWorkers(Math.random),
  progress: (round) => round % 10 === 0 && console.info(`${round} rounds`),
});
for (const [topic, count] of acknowledged) console.info(`${topic}: ${count} acknowledged`);
const sorted = startsMs.toSorted((a, b) => a - b);
console.info(
  `${rounds} rounds, start: median ${Math.round(sorted[sorted.length >> 1] ?? 0)} ms, longest ${Math.round(sorted.at(-1) ?? 0)} ms`,
);
for (const one of broken.slice(0, 50)) console.error(one);
console.info(broken.length === 0 ? 'Nothing acknowledged was lost.' : `${broken.length} broken promises`);
process.exitCode = broken.length === 0 ? 0 : 1;
