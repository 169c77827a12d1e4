// node --conditions=@ks/source bench/src/start-broker.ts [rounds]
// How long a test waits for a broker in its own process: the import, the first start of the process, and later ones.
import process from 'node:process';
import { median } from './measure/statistics.ts';

const rounds = Number(process.argv[2] ?? 20);
const beforeImport = performance.now();
const { startBroker } = await import('@ks/testing');
const importMs = performance.now() - beforeImport;

async function startMs(): Promise<number> {
  const from = performance.now();
  const broker = await startBroker();
  const ms = performance.now() - from;
  await broker[Symbol.asyncDispose]();
  return ms;
}

const first = await startMs();
const later: number[] = [];
for (let round = 0; round < rounds; round++) later.push(await startMs());
process.stdout.write(
  `import ${importMs.toFixed(0)} ms, first start ${first.toFixed(0)} ms, later starts ${median(later).toFixed(1)} ms (median of ${rounds})\n`,
);
