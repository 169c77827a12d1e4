import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach } from 'vitest';

const mainPath = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

const running = new Set<ChildProcessWithoutNullStreams>();

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

// A test that fails does not come to the line that ends what it started.
afterEach(({ task }) => {
  if (task.result?.state === 'fail') killAll();
});
afterAll(killAll);
process.once('exit', killAll);

/** How a `ks` process ended. */
export interface Ended {
  /** The exit code, or the signal that killed it. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
  /** What `stdout` is made of. */
  readonly bytes: Buffer;
}

export interface RunOptions {
  /** What standard input holds; without it there is none (`< /dev/null`). */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** The environment of a `ks` that knows nothing of the machine it runs on. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(KS_|FORCE_COLOR|NO_COLOR|NODE_ENV|VITEST|CI$)/.test(name),
  );
  const environment: Record<string, string> = {};
  for (const [name, value] of kept) if (value !== undefined) environment[name] = value;
  return {
    ...environment,
    // Where `enableCompileCache` has it too: stripping types again for every process would be slow.
    NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
    KS_CONFIG: '/nonexistent/ks.yaml',
    ...more,
  };
}

/** The words of a command line that runs `ks` from its sources. */
export function ksCommand(args: readonly string[]): readonly string[] {
  return [process.execPath, '--conditions=@ks/source', mainPath, ...args];
}

/** Starts `ks` from its sources. */
export function startKs(
  args: readonly string[],
  options: Omit<RunOptions, 'input'> = {},
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ['--conditions=@ks/source', mainPath, ...args], {
    env: cleanEnvironment(options.env),
    cwd: options.cwd ?? tmpdir(),
  });
  running.add(child);
  child.once('close', () => void running.delete(child));
  return child;
}

/** Settles when the process has ended and all it said was read. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const code = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve(signal ?? exitCode ?? -1));
  });
  const bytes = Buffer.concat(stdout);
  return { code, stdout: bytes.toString(), stderr: Buffer.concat(stderr).toString(), bytes };
}

/** Runs `ks` to its end. */
export function runKs(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = startKs(args, options);
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  return ended(child);
}

/** Settles when the stream has said something that matches; rejects when it ends before. */
export function said(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    const look = (chunk: Buffer): void => {
      text += chunk.toString();
      if (!pattern.test(text)) return;
      stream.off('data', look);
      resolve(text);
    };
    stream.on('data', look);
    stream.once('close', () => reject(new Error(`it ended without saying ${pattern}: ${text}`)));
  });
}
