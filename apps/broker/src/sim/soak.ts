import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { simulate } from './simulation.ts';

// npm run soak -- --minutes N [--steps M] [--from SEED]: simulates a broker from random seeds, or from SEED, SEED + 1 and so on, and
// stops at the first that breaks its word.

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    steps: { type: 'string', default: '10000' },
    from: { type: 'string' },
  },
});
const steps = Number(values.steps);
const untilMs = performance.now() + Number(values.minutes) * 60_000;

let seed = 0;
process.on('unhandledRejection', (error) => {
  console.log('VIOLATION: a promise of the broker was rejected and nobody listened:', error);
  fail();
});

let seeds = 0;
let events = 0;
while (performance.now() < untilMs) {
  seed = values.from === undefined ? randomInt(2 ** 31) : Number(values.from) + seeds;
  const result = await simulate({ seed, steps });
  seeds += 1;
  events += result.events;
  console.log(`seed ${seed}: ${result.events} events, trace ${result.hash}`);
  if (result.violations.length === 0) continue;
  for (const line of result.lines.slice(-60)) console.log(`  | ${line}`);
  for (const violation of result.violations) console.log(`VIOLATION: ${violation}`);
  fail();
}
console.log(`${seeds} seeds, ${events} events, all well`);

function fail(): never {
  console.log(`replay: npm run sim -- --seed ${seed} --steps ${steps}`);
  process.exit(1);
}
