// node --conditions=@ks/source bench/src/siege/main.ts --attacks flood,idle+slow-readers --seconds 20 --rest 10 --disk MB/s --config KEY=VALUE
//   --partitions 1000 --connections 2000 (that are there, idle, all the while)
// Puts loads that mean harm on a broker of its own process, and watches its memory and what honest clients feel.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CreateTopics } from '@ks/protocol';
import { firstAnswer } from '../measure/first-answer.ts';
import { freePort } from '../measure/free-port.ts';
import { processUsage } from '../measure/process-usage.ts';
import { attacks } from './attacks.ts';
import { HonestClient, requestBytes } from './connection.ts';
import { Witness } from './witness.ts';

const { values } = parseArgs({
  options: {
    attacks: { type: 'string', default: Object.keys(attacks).join(',') },
    size: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '15' },
    rest: { type: 'string', default: '10' },
    disk: { type: 'string', default: '0' },
    partitions: { type: 'string', default: '0' },
    connections: { type: 'string', default: '0' },
    config: { type: 'string', multiple: true, default: [] },
    log: { type: 'boolean', default: false },
  },
});
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const node = (script: string, ...args: string[]): ChildProcess =>
  spawn(process.execPath, ['--conditions=@ks/source', file(script), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

const directory = await mkdtemp(join(tmpdir(), 'ks-siege-'));
const [port, httpPort] = [await freePort(), await freePort()];
const base = [
  `listeners=PLAINTEXT://127.0.0.1:${port}`,
  `log.dirs=${directory}`,
  `ks.http.listener=127.0.0.1:${httpPort}`,
  'message.max.bytes=20000000',
  'log.segment.bytes=67108864',
  'log.retention.bytes=134217728',
  'log.retention.check.interval.ms=1000',
  'log.initial.task.delay.ms=500',
  'log.segment.delete.delay.ms=100',
];
const broker = node('./slow-broker.ts', values.disk, ...base, ...values.config);
const pid = broker.pid ?? -1;
let logBytes = 0;
let logLines = 0;
broker.stdout?.on('data', (chunk: Buffer) => {
  logBytes += chunk.length;
  for (const byte of chunk) if (byte === 10) logLines += 1;
  if (values.log) process.stderr.write(chunk);
});
const megabytes = (bytes: number): string => (bytes / 1_048_576).toFixed(0);

/** The value of a series, summed over its labels. */
async function metric(name: string): Promise<number> {
  const text = await (
    await fetch(`http://127.0.0.1:${httpPort}/metrics`, { signal: AbortSignal.timeout(20_000) })
  ).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

async function state(): Promise<string> {
  const read = async (name: string): Promise<number> => metric(name).catch(() => Number.NaN);
  const [connections, request, tail, free, spilled] = [
    await read('ks_connections'),
    await read('ks_request_memory_bytes'),
    await read('ks_tail_memory_bytes'),
    await read('ks_memory_free_bytes'),
    await read('ks_memory_spilled_bytes'),
  ];
  const [heapTotal, heapUsed, external] = [
    await read('nodejs_heap_size_total_bytes'),
    await read('nodejs_heap_size_used_bytes'),
    await read('nodejs_external_memory_bytes'),
  ];
  const files = (await readdir(`/proc/${pid}/fd`)).length;
  const heap = `V8 heap ${megabytes(heapUsed)} of ${megabytes(heapTotal)} MB, external ${megabytes(external)} MB`;
  const used = `${megabytes(request)} MB requests, ${megabytes(tail)} MB tail, ${megabytes(free)} MB free, ${megabytes(spilled)} MB spilled`;
  return `${connections} connections, ${files} descriptors, ${used}; ${heap}; ${await residence()}`;
}

/** Where the process's resident memory lies. The largest mapping is the core's memory. */
async function residence(): Promise<string> {
  const sizes = { largest: 0, malloc: 0, files: 0, rest: 0 };
  // A mapping's head line ends with what is mapped, nothing where that is no file; its resident size follows a few lines on.
  const mappings = (await readFile(`/proc/${pid}/smaps`, 'utf8')).matchAll(
    /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)\n(?:[A-Z]\w+:.*\n)*?Rss: +(\d+) kB/gm,
  );
  for (const [, name = '', digits] of mappings) {
    const bytes = Number(digits) * 1024;
    if (name.startsWith('/')) sizes.files += bytes;
    else if (name === '[heap]') sizes.malloc += bytes;
    else {
      sizes.rest += Math.min(bytes, sizes.largest);
      sizes.largest = Math.max(bytes, sizes.largest);
    }
  }
  const { largest, malloc, files, rest } = sizes;
  const all = largest + malloc + files + rest;
  return `${megabytes(all)} MB resident: ${megabytes(largest)} in the largest mapping, ${megabytes(malloc)} malloc, ${megabytes(files)} files, ${megabytes(rest)} else`;
}

async function createTopics(): Promise<void> {
  const client = new HonestClient(port);
  const crowded = Number(values.partitions);
  const topics = [
    ...['flood', 'honest'].map((name) => ({ name, numPartitions: 4 })),
    ...(crowded > 0 ? [{ name: 'crowded', numPartitions: crowded }] : []),
  ].map((topic) => ({ ...topic, replicationFactor: 1, assignments: [], configs: [] }));
  await client.ask(CreateTopics, 5, requestBytes(CreateTopics, 5, { topics, timeoutMs: 10_000, validateOnly: false }));
  client.close();
}

/** Connections that are there all the while; returns how to end them. */
async function openCrowd(size: number): Promise<() => void> {
  if (size === 0) return () => undefined;
  const crowd = node('./horde.ts', 'idle', String(port), String(size), '100000');
  while ((await metric('ks_connections')) < size) await pause(100);
  return () => crowd.kill();
}

/** Resident memory every two seconds, in MB. */
function watchMemory(): () => string {
  const seen: string[] = [];
  const timer = setInterval(() => seen.push(megabytes(processUsage(pid).residentBytes)), 2000);
  return () => {
    clearInterval(timer);
    return seen.join(' ');
  };
}

function feelings(witness: Witness): void {
  say(`  1 KB produce   ${witness.small.take()}`);
  say(`  500 KB produce ${witness.large.take()}`);
  say(`  fetch          ${witness.fetched.take()}`);
}

async function attack(names: readonly string[], witness: Witness): Promise<void> {
  say(`${names.join(' + ')}`);
  const [cpuBefore, logBefore] = [processUsage(pid).cpuSeconds, { logBytes, logLines }];
  const memory = watchMemory();
  const tallies = names.map(async (name) => {
    const horde = node('./horde.ts', name, String(port), values.size, values.seconds);
    let printed = '';
    horde.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    await new Promise((resolve) => horde.once('close', resolve));
    return `  ${name}: ${printed.trim()}`;
  });
  await pause(Number(values.seconds) * 900);
  say(`  under it: ${await state()}`);
  for (const tally of await Promise.all(tallies)) say(tally);
  feelings(witness);
  say(`  MB resident: ${memory()}`);
  const cpu = processUsage(pid).cpuSeconds - cpuBefore;
  say(`  CPU ${cpu.toFixed(1)} s, log ${logLines - logBefore.logLines} lines, ${logBytes - logBefore.logBytes} bytes`);
  const resting = watchMemory();
  await pause(Number(values.rest) * 1000);
  say(`  after ${values.rest} s of rest: ${await state()}`);
  feelings(witness);
  say(`  MB resident: ${resting()}`);
}

let endCrowd = (): void => undefined;
try {
  await firstAnswer(port, 20_000, () => broker.exitCode !== null);
  await createTopics();
  endCrowd = await openCrowd(Number(values.connections));
  const witness = new Witness(port);
  witness.start();
  await pause(3000);
  say(`at peace: ${await state()}`);
  feelings(witness);
  for (const names of values.attacks.split(',')) await attack(names.split('+'), witness);
  await witness.stop();
  say(`honest: ${witness.acknowledged} acknowledged, ${witness.read} read`);
  if (witness.read < witness.acknowledged) process.exitCode = 1;
} finally {
  endCrowd();
  say(`broker: ${broker.exitCode === null ? 'runs' : `ENDED with ${broker.exitCode}`}, ${logLines} log lines`);
  broker.kill('SIGTERM');
  if (broker.exitCode === null) await new Promise((resolve) => broker.once('close', resolve));
  await rm(directory, { recursive: true, force: true });
}
process.exit();
