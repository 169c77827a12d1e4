import { parseArgs } from 'node:util';
import { simulateCluster } from './cluster/cluster-simulation.ts';
import { type SimulationResult, simulate } from './simulation.ts';

// npm run sim -- --seed N [--seeds COUNT] [--steps M] [--cluster] [--trace] [--bail]: simulates a broker from a seed, or with --cluster
// three of them; exit code 1 where they broke their word.

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    steps: { type: 'string', default: '5000' },
    cluster: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
  },
});

process.on('unhandledRejection', (error) => {
  console.log('VIOLATION: a promise of the broker was rejected and nobody listened:', error);
  console.log(`replay: npm run sim -- --seed ${current} --steps ${values.steps}${flags}`);
  process.exit(1);
});

const run = values.cluster ? simulateCluster : simulate;
const flags = values.cluster ? ' --cluster' : '';
const first = Number(values.seed);
let current = first;
let failed = 0;
const started = performance.now();
let events = 0;
/** How often each kind of thing happened, in all seeds. */
const totals = new Map<string, number>();
for (let seed = first; seed < first + Number(values.seeds); seed++) {
  current = seed;
  const print = values.trace ? { print: (line: string) => console.log(line) } : {};
  const result = await run({ seed, steps: Number(values.steps), ...print });
  events += result.events;
  for (const [what, count] of result.counts) totals.set(what, (totals.get(what) ?? 0) + count);
  report(result);
  if (result.violations.length > 0) failed += 1;
  if (failed > 0 && values.bail) break;
}
if (values.seeds !== '1') for (const [what, count] of [...totals].sort()) console.log(`  ${count} ${what}`);
const seconds = (performance.now() - started) / 1000;
console.log(`${events} events in ${seconds.toFixed(1)} s, ${failed} of ${values.seeds} seeds failed`);
process.exitCode = failed > 0 ? 1 : 0;

function report(result: SimulationResult): void {
  const { seed, steps, events, hash, virtualMs, violations } = result;
  console.log(`seed ${seed}: ${events} events, ${(virtualMs / 1000).toFixed(1)} s simulated, trace ${hash}`);
  if (violations.length === 0 && values.seeds !== '1') return;
  for (const [what, count] of [...result.counts].sort()) console.log(`  ${count} ${what}`);
  if (violations.length === 0) return;
  if (!values.trace) for (const line of result.lines.slice(-60)) console.log(`  | ${line}`);
  for (const violation of violations) console.log(`VIOLATION: ${violation}`);
  console.log(`replay: npm run sim -- --seed ${seed} --steps ${steps}${flags}`);
}
