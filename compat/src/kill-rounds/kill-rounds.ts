import { kcat } from '../kcat.ts';
import type { KillTarget } from './targets.ts';
import type { AfterTheLastDeath, Worker } from './worker.ts';

/** How it went. */
export interface KillRoundsResult {
  /** What each worker was told is done. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** Broken promises; none is the only good answer. */
  readonly broken: readonly string[];
  /** From the start of the process to its first answer, in milliseconds, of each round. */
  readonly startsMs: readonly number[];
}

/** How many, and of what kind. */
export interface KillRoundsOptions {
  readonly target: KillTarget;
  readonly rounds: number;
  readonly workers: readonly Worker[];
  /** Decides when each broker dies. */
  readonly random: () => number;
  readonly progress?: (round: number) => void;
  /** What goes on behind the last round. */
  readonly phase?: (what: string) => void;
}

/** Runs the workers while brokers are killed `rounds` times at random moments and started again, then checks what was promised. */
export async function killRounds(options: KillRoundsOptions): Promise<KillRoundsResult> {
  const { target, rounds, workers, random, phase = () => undefined } = options;
  const { bootstrap, startsMs } = target;
  let isOver = false;
  for (const { topic } of workers) await kcat(bootstrap, ['-L', '-t', topic]);
  const run = async (worker: Worker): Promise<void> => {
    await worker.run(bootstrap, () => isOver);
    phase(`${worker.label ?? worker.topic} is done`);
  };
  const running = Promise.all(workers.map(run));
  let failed: unknown;
  running.catch((error: unknown) => {
    failed = error;
  });
  try {
    for (let round = 0; round < rounds && failed === undefined; round += 1) {
      await target.round(random);
      options.progress?.(round + 1);
    }
    // On a machine that has much else to do some may not have had their turn yet.
    const deadline = performance.now() + 60_000;
    while (workers.some(hasDoneNothing) && performance.now() < deadline && failed === undefined) await pause(50);
    isOver = true;
    phase('clients come to their ends');
    await running;
    phase('everything is killed once more');
    // Nothing may depend on what only memory held.
    await target.restartAll();
    const broken: string[] = [];
    for (const worker of workers) {
      phase(`checking ${worker.label ?? worker.topic}`);
      broken.push(...(await worker.check(reader(bootstrap))));
    }
    const acknowledged = new Map(workers.map((worker) => [worker.label ?? worker.topic, worker.acknowledged()]));
    return { acknowledged, broken, startsMs };
  } finally {
    isOver = true;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const hasDoneNothing = ({ tellsAtItsEnd, acknowledged }: Worker): boolean => !tellsAtItsEnd && acknowledged() === 0;

function reader(bootstrap: string): AfterTheLastDeath {
  return {
    bootstrap,
    async records(topic, isolation) {
      const out = await kcat(bootstrap, [
        ...['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%p %s\n'],
        ...['-X', `isolation.level=${isolation}`, '-X', 'check.crcs=true'],
      ]);
      const found = new Map<number, string[]>();
      for (const line of out.split('\n').slice(0, -1)) {
        const [partition, value] = [Number.parseInt(line, 10), line.slice(line.indexOf(' ') + 1)];
        const values = found.get(partition) ?? [];
        values.push(value);
        found.set(partition, values);
      }
      return found;
    },
  };
}
