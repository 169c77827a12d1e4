import { spawn } from 'node:child_process';

/** A program that tells what happens to it line by line, and ends when its standard input does. */
export interface LineProgram {
  /** What it complained about last. */
  complaints(): string;
  /** Its exit code, once it has ended; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Closes its input and waits for its end; rejects where it fails. */
  finish(): Promise<void>;
  /** Ends it at once. */
  kill(): Promise<void>;
}

/** Starts a program; `told` gets the words of each line. */
export function startLineProgram(
  command: string,
  args: readonly string[],
  told: (words: readonly string[]) => void,
): LineProgram {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let half = '';
  let complaints = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (half + chunk.toString()).split('\n');
    half = lines.pop() ?? '';
    for (const line of lines) told(line.split(' '));
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-2000);
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return {
    complaints: () => complaints,
    ended,
    async finish() {
      child.stdin.end();
      const code = await ended;
      if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}: ${complaints}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
