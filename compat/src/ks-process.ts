import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { firstAnswer } from './processes/first-answer.ts';

const main = fileURLToPath(new URL('../../apps/broker/src/main.ts', import.meta.url));

/** ks in a process of its own, which may be killed. */
export interface KsProcess {
  readonly process: ChildProcess;
  readonly port: number;
  readonly bootstrap: string;
  /** What it has logged and complained about so far. */
  printed(): string;
  /** Sends a signal and waits until the process is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/** Where and how the process runs, if not plainly on this machine. */
export interface ProcessPlace {
  readonly address: string;
  /** What has to be run for `command` to run there; it keeps the process id. */
  command(command: string, args: readonly string[]): readonly [string, readonly string[]];
  /** On top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

const here: ProcessPlace = { address: '127.0.0.1', command: (command, args) => [command, args] };

/** Starts ks from its sources over `directory`; `config` holds Kafka's broker keys. Resolves at its first answer. */
export async function startKsProcess(
  directory: string,
  port: number,
  config: Readonly<Record<string, string>> = {},
  place: ProcessPlace = here,
): Promise<KsProcess> {
  const all = {
    listeners: `PLAINTEXT://${place.address}:${port}`,
    'log.dirs': directory,
    'group.initial.rebalance.delay.ms': '0',
    ...config,
  };
  const overrides = Object.entries(all).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
  const [command, args] = place.command(process.execPath, ['--conditions=@ks/source', main, ...overrides]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...place.env } });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-20_000);
    });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  try {
    await firstAnswer(port, () => (child.exitCode === null ? undefined : printed), place.address);
  } catch (error) {
    await end('SIGKILL');
    throw error;
  }
  return { process: child, port, bootstrap: `${place.address}:${port}`, printed: () => printed, end };
}
