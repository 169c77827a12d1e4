import { spawn } from 'node:child_process';

/** What a finished command left. */
export interface Finished {
  readonly code: number | null;
  readonly out: Buffer;
  readonly complaints: string;
}

/** What a command may be given. */
export interface CommandOptions {
  readonly input?: string | Uint8Array;
  /** Killed after this long; default a minute. */
  readonly timeoutMs?: number;
  readonly cwd?: string;
  /** On top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Any exit code is an answer, not an error. */
  readonly mayFail?: boolean;
}

function plainEnvironment(): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _forced, ...rest } = process.env;
  return rest;
}

/** Runs a command to its end. Rejects with what it complained about when it fails, is killed or cannot be started. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  const { input = '', timeoutMs = 60_000, cwd, env, mayFail = false } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      // Where colours are forced (CI does), what is printed would not be what is compared.
      env: { ...plainEnvironment(), ...env },
      ...(cwd ? { cwd } : {}),
    });
    const out: Buffer[] = [];
    const complaints: Buffer[] = [];
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      const finished = { code, out: Buffer.concat(out), complaints: Buffer.concat(complaints).toString() };
      if (code === 0 || (mayFail && code !== null)) resolve(finished);
      else
        reject(
          new Error(
            `${command} ${args.join(' ')} ended with ${code}: ${finished.complaints}${finished.out.subarray(0, 2000)}`,
          ),
        );
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
