import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { simulateCluster } from './cluster/cluster-simulation.ts';
import { simulate } from './simulation.ts';

// npm run soak -- --minutes N [--seeds K] [--steps M] [--from SEED] [--only broker|cluster]: simulates by turns one broker and a cluster of
// three from random seeds, or from SEED, SEED + 1 and so on, K of them at most, and stops at the first that breaks its word. Prints what befell
// them.

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    steps: { type: 'string', default: '10000' },
    seeds: { type: 'string', default: 'Infinity' },
    from: { type: 'string' },
    only: { type: 'string' },
  },
});
const steps = Number(values.steps);
const untilMs = performance.now() + Number(values.minutes) * 60_000;

let seed = 0;
process.on('unhandledRejection', (error) => {
  console.log('VIOLATION: a promise of the broker was rejected and nobody listened:', error);
  fail();
});

/** Whether three brokers are simulated now. */
let isCluster = false;
/** How often each kind of thing happened. */
const totals = new Map<string, number>();
let seeds = 0;
let events = 0;
while (performance.now() < untilMs && seeds < Number(values.seeds)) {
  seed = values.from === undefined ? randomInt(2 ** 31) : Number(values.from) + seeds;
  isCluster = values.only === undefined ? seeds % 2 === 1 : values.only === 'cluster';
  const result = await (isCluster ? simulateCluster : simulate)({ seed, steps });
  for (const [what, count] of result.counts) totals.set(what, (totals.get(what) ?? 0) + count);
  seeds += 1;
  events += result.events;
  console.log(`seed ${seed}${isCluster ? ' (cluster)' : ''}: ${result.events} events, trace ${result.hash}`);
  if (result.violations.length === 0) continue;
  for (const line of result.lines.slice(-60)) console.log(`  | ${line}`);
  for (const violation of result.violations) console.log(`VIOLATION: ${violation}`);
  fail();
}
for (const [what, count] of [...totals].sort()) console.log(`  ${count} ${what}`);
console.log(`${seeds} seeds, ${events} events, all well`);

function fail(): never {
  console.log(`replay: npm run sim -- --seed ${seed} --steps ${steps}${isCluster ? ' --cluster' : ''}`);
  process.exit(1);
}
