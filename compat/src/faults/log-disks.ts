import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';

/** Where brokers keep their logs: each on a disk of its own that can be filled, or in a folder. */
export interface LogDisks extends AsyncDisposable {
  /** Whether they have an end. */
  readonly areBounded: boolean;
  folderOf(name: string): string;
  /** Takes all room that is left. */
  fill(name: string): Promise<void>;
  /** Gives it back. */
  drain(name: string): Promise<void>;
}

const SIZE_MB = 256;

/** A small file system in memory for each name where root can mount one; else folders below `directory`. */
export async function startLogDisks(directory: string, names: readonly string[]): Promise<LogDisks> {
  const mounted: string[] = [];
  const at = (name: string): string => join(directory, name);
  for (const name of names) {
    await mkdir(at(name));
    if (process.platform !== 'linux' || process.getuid?.() !== 0) continue;
    const { code } = await runCommand('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m`, 'ks', at(name)], {
      mayFail: true,
    });
    if (code === 0) mounted.push(at(name));
  }
  const ballast = (name: string): string => join(at(name), 'ballast');
  return {
    areBounded: mounted.length === names.length,
    folderOf: (name) => join(at(name), 'logs'),
    fill: (name) => fillUp(ballast(name)),
    drain: (name) => rm(ballast(name), { force: true }),
    async [Symbol.asyncDispose]() {
      for (const each of mounted) await runCommand('umount', ['-l', each]);
    },
  };
}

async function fillUp(path: string): Promise<void> {
  await using file = await open(path, 'w');
  const zeros = Buffer.alloc(1024 * 1024);
  // What is freed meanwhile is taken, too: only three refusals of a single page in a row mean that nothing is left.
  for (let size = zeros.length, refusals = 0; refusals < 3; ) {
    try {
      const { bytesWritten } = await file.write(zeros, 0, size);
      if (bytesWritten > 0) refusals = 0;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      if (size > 4096) size /= 16;
      else refusals += 1;
    }
  }
}
