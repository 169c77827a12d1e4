import { join } from 'node:path';
import { startEtcdProcess } from '../etcd-process.ts';
import { type KsProcess, startKsProcess } from '../ks-process.ts';
import { freePort } from '../processes/free-port.ts';

/** What is killed while clients work with it. */
export interface KillTarget extends AsyncDisposable {
  /** Addresses as clients take them, of all brokers. */
  readonly bootstrap: string;
  /** From the start of a process to its first answer, in milliseconds. */
  readonly startsMs: readonly number[];
  /** Lets a broker live for a while, kills it and starts it again. `random` decides when, and which. */
  round(random: () => number): Promise<void>;
  /** Kills everything and starts it again. */
  restartAll(): Promise<void>;
}

/** One broker, killed and started at once. */
export async function oneBroker(
  directory: string,
  lifeMsMax: number,
  config?: Readonly<Record<string, string>>,
): Promise<KillTarget> {
  const port = await freePort();
  const startsMs: number[] = [];
  const start = () => timed(startsMs, () => startKsProcess(directory, port, config));
  let broker = await start();
  const again = async (): Promise<void> => {
    await broker.end('SIGKILL');
    broker = await start();
  };
  return {
    bootstrap: `127.0.0.1:${port}`,
    startsMs,
    round: async (random) => {
      await pause(20 + random() * lifeMsMax);
      await again();
    },
    restartAll: again,
    [Symbol.asyncDispose]: () => broker.end('SIGKILL'),
  };
}

const BROKERS = [1, 2, 3] as const;
/** How long the others wait for one that is gone. */
const SESSION_MS = 2000;

/** Replicated everywhere: two of three have what was acknowledged. */
const replicated = {
  'default.replication.factor': '3',
  'min.insync.replicas': '2',
  'offsets.topic.replication.factor': '3',
  'offsets.topic.num.partitions': '6',
  'transaction.state.log.replication.factor': '3',
  'transaction.state.log.num.partitions': '6',
  'broker.session.timeout.ms': String(SESSION_MS),
  'replica.lag.time.max.ms': '3000',
  'ks.memory.bytes': '134217728',
};

/** Three brokers over etcd: one at a time dies and stays away, for a moment or until another leads in its stead. */
export async function threeBrokers(
  directory: string,
  lifeMsMax: number,
  config?: Readonly<Record<string, string>>,
): Promise<KillTarget> {
  const etcd = await startEtcdProcess(directory);
  const startsMs: number[] = [];
  const ports = new Map<number, number>();
  for (const brokerId of BROKERS) ports.set(brokerId, await freePort());
  const brokers = new Map<number, KsProcess>();
  const start = async (brokerId: number): Promise<void> => {
    const own = { 'node.id': String(brokerId), 'metadata.store': `etcd://${etcd.host}/compat` };
    const run = () =>
      startKsProcess(join(directory, `broker-${brokerId}`), ports.get(brokerId) ?? 0, {
        ...replicated,
        ...config,
        ...own,
      });
    brokers.set(brokerId, await timed(startsMs, run));
  };
  const kill = async (brokerId: number): Promise<void> => brokers.get(brokerId)?.end('SIGKILL');
  await Promise.all(BROKERS.map(start));
  return {
    bootstrap: [...ports.values()].map((port) => `127.0.0.1:${port}`).join(','),
    startsMs,
    round: async (random) => {
      await pause(20 + random() * lifeMsMax);
      const victim = BROKERS[Math.floor(random() * BROKERS.length)] ?? 1;
      await kill(victim);
      if (random() < 0.6) await pause(SESSION_MS + random() * 2 * SESSION_MS);
      await start(victim);
    },
    restartAll: async () => {
      await Promise.all(BROKERS.map(kill));
      await Promise.all(BROKERS.map(start));
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(BROKERS.map(kill));
      await etcd[Symbol.asyncDispose]();
    },
  };
}

async function timed<T>(times: number[], work: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const done = await work();
  times.push(performance.now() - from);
  return done;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
