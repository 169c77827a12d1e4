import { spawn } from 'node:child_process';
import { insisting } from '../kill-rounds/insisting.ts';
import type { Worker } from '../kill-rounds/worker.ts';
import { pause } from './fault-cluster.ts';

/** Longest wait for the reader to get the rest when all is over. */
const PATIENCE_MS = 90_000;

interface Got {
  readonly offset: number;
  readonly value: string;
}

/**
 * One kcat that reads what another worker's topic gets all the while, committed records only: whatever it was given must be what is
 * there in the end, record for record and offset by offset, and nothing may have been left out.
 */
export function liveReader(source: Worker): Worker {
  const got = new Map<number, Got[]>();
  let count = 0;
  let endings: string[] = [];
  return {
    topic: source.topic,
    label: `${source.topic}, read meanwhile`,
    async run(bootstrap, isOver) {
      const take = (line: string): void => {
        const [partition, offset, ...rest] = line.split(' ');
        const all = got.get(Number(partition)) ?? [];
        all.push({ offset: Number(offset), value: rest.join(' ') });
        got.set(Number(partition), all);
        count += 1;
      };
      const settings = ['isolation.level=read_committed', 'socket.timeout.ms=5000', 'reconnect.backoff.max.ms=200'];
      const child = spawn(
        'kcat',
        [
          ...['-b', bootstrap, '-C', '-t', source.topic, '-o', 'beginning', '-q', '-u', '-f', '%p %o %s\n'],
          ...[...settings, 'auto.offset.reset=error', 'check.crcs=true'].flatMap((setting) => ['-X', setting]),
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let half = '';
      child.stdout.on('data', (chunk: Buffer) => {
        const lines = (half + chunk.toString()).split('\n');
        half = lines.pop() ?? '';
        for (const line of lines) take(line);
      });
      let complaints = '';
      child.stderr.on('data', (chunk: Buffer) => {
        complaints = (complaints + chunk.toString()).slice(-2000);
      });
      let isStopped = false;
      const ended = new Promise<void>((resolve) =>
        child.once('close', (code) => {
          if (!isStopped) endings = [`${source.topic}: a reader gave up with ${code}: ${complaints}`];
          resolve();
        }),
      );
      while (!isOver()) await pause(50);
      await settled(
        () => count,
        () => endings.length > 0,
      );
      isStopped = true;
      child.kill('SIGKILL');
      await ended;
    },
    acknowledged: () => count,
    async check(read) {
      let there: ReadonlyMap<number, readonly string[]> = new Map();
      await insisting(async () => {
        there = await read.records(source.topic, 'read_committed');
      });
      return [...endings, ...compare(source.topic, got, there)];
    },
  };
}

/** Waits until nothing more comes for three seconds. */
async function settled(count: () => number, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  let [last, since] = [count(), performance.now()];
  while (performance.now() < deadline && performance.now() - since < 3000 && !hasEnded()) {
    await pause(100);
    if (count() !== last) [last, since] = [count(), performance.now()];
  }
}

/** What was read while things went wrong against what is there in the end: a part from the beginning, no more and no less. */
export function compare(
  topic: string,
  got: ReadonlyMap<number, readonly Got[]>,
  there: ReadonlyMap<number, readonly string[]>,
): readonly string[] {
  const broken: string[] = [];
  for (const [partition, values] of got) {
    const final = there.get(partition) ?? [];
    let last = -1;
    for (const [at, { offset, value }] of values.entries()) {
      if (offset <= last) broken.push(`${topic}-${partition}: a reader got offset ${offset} after ${last}`);
      last = offset;
      if (final[at] === value) continue;
      broken.push(`${topic}-${partition}: a reader got ${value} at ${offset} where ${final[at]} is in the end`);
      break;
    }
  }
  return broken;
}
