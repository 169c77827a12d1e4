import { spawn, spawnSync } from 'node:child_process';

/** Whether kcat is on PATH. Under CI its absence is a failure, elsewhere a visible skip. */
export const haveKcat = spawnSync('kcat', ['-V']).status === 0;

/** Runs kcat against a broker and gives what it wrote; rejects when it fails or takes longer than `timeoutMs`. */
export function kcat(
  bootstrap: string,
  args: readonly string[],
  input: string | Uint8Array = '',
  timeoutMs = 30_000,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('kcat', ['-b', bootstrap, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const complaints: Buffer[] = [];
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      if (code === 0) resolve(Buffer.concat(out).toString());
      else reject(new Error(`kcat ${args.join(' ')} ended with ${code}: ${Buffer.concat(complaints)}`));
    });
    // It may end before it has read this; its exit code tells why.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
