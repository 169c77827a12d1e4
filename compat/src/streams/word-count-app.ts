import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { programClassPath, smallJvm } from '../kafka/program-jars.ts';
import { runCommand } from '../processes/run-command.ts';

const source = fileURLToPath(new URL('WordCountUnderCrashes.java', import.meta.url));

/** Compiles the application into `directory`: started often, it starts quicker so. */
export async function compileWordCount(directory: string): Promise<void> {
  await runCommand('javac', ['-cp', programClassPath('streams'), '-d', directory, source]);
}

/** The running application. */
export interface WordCountApp {
  /** What it printed last: its states, and what it complained about. */
  printed(): string;
  /** It gave up, or ended without being told to. */
  hasFailed(): boolean;
  /** Closes it in order. */
  close(): Promise<void>;
  kill(): Promise<void>;
}

/** Starts it with settings of Kafka Streams; `classes` is where it was compiled to. */
export function startWordCount(classes: string, settings: Readonly<Record<string, string>>): WordCountApp {
  const given = Object.entries(settings).map((setting) => setting.join('='));
  const flags = [...smallJvm, '-cp', `${classes}:${programClassPath('streams')}`];
  const child = spawn('java', [...flags, 'WordCountUnderCrashes', ...given], { stdio: ['pipe', 'pipe', 'pipe'] });
  let printed = '';
  let isTold = false;
  let hasEnded = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-10_000);
    });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      hasEnded = true;
      resolve();
    }),
  );
  return {
    printed: () => printed,
    hasFailed: () => printed.includes('is ERROR') || (hasEnded && !isTold),
    async close() {
      isTold = true;
      child.stdin.end();
      const forced = setTimeout(() => child.kill('SIGKILL'), 30_000);
      await ended;
      clearTimeout(forced);
    },
    async kill() {
      isTold = true;
      child.kill('SIGKILL');
      await ended;
    },
  };
}
