import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** One line of the broker's log. */
export interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A broker as an operator runs it: a process of its own. */
export interface BrokerProcess extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  readonly log: readonly LogLine[];
  /** What it wrote to stderr. */
  complaints(): string;
  /** The most memory it has had, in bytes; 0 where the system does not tell. */
  memoryPeakBytes(): number;
  readonly isRunning: boolean;
  /** Settles with the exit code when it has ended. */
  readonly ended: Promise<number | null>;
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/** How a broker is started. */
export interface BrokerProcessOptions {
  readonly config?: Readonly<Record<string, string>>;
  /** Default 0: any port. */
  readonly port?: number;
  /** Files it writes may not grow beyond this: the system refuses more, as a full disk does. */
  readonly fileBytesMax?: number;
}

/** Starts a broker over `directory`. Resolves when it serves, or when it has ended. */
export async function startBrokerProcess(
  directory: string,
  options: BrokerProcessOptions = {},
): Promise<BrokerProcess> {
  const { config = {}, port = 0, fileBytesMax } = options;
  const all = { listeners: `PLAINTEXT://127.0.0.1:${port}`, 'log.dirs': directory, ...config };
  const overrides = Object.entries(all).flatMap(([key, value]) => ['--override', `${key}=${value}`]);
  const args = ['--conditions=@ks/source', main, ...overrides];
  const child =
    fileBytesMax === undefined
      ? spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn(
          'bash',
          ['-c', `ulimit -f ${Math.floor(fileBytesMax / 1024)}; exec "$0" "$@"`, process.execPath, ...args],
          {
            stdio: ['ignore', 'pipe', 'pipe'],
          },
        );
  const log: LogLine[] = [];
  let complaints = '';
  let half = '';
  let listening: ((port: number) => void) | undefined;
  const served = new Promise<number>((resolve) => {
    listening = resolve;
  });
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (half + chunk.toString()).split('\n');
    half = lines.pop() ?? '';
    for (const text of lines) {
      const line: LogLine = JSON.parse(text);
      log.push(line);
      if (line.msg === 'Ready') listening?.(Number(/:(\d+)$/.exec(String(line['listeners']))?.[1]));
    }
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const bound = await Promise.race([served, ended.then(() => -1)]);
  const end = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    child.kill(signal);
    return ended;
  };
  return {
    port: bound,
    pid: child.pid ?? -1,
    log,
    complaints: () => complaints,
    memoryPeakBytes: () => {
      try {
        return 1024 * Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0);
      } catch {
        return 0;
      }
    },
    get isRunning() {
      return child.exitCode === null && child.signalCode === null;
    },
    ended,
    end,
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL');
    },
  };
}
