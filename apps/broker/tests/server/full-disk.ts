import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';

/** A place with little room. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** What a broker on it may be started with, where only its process can be kept small. */
  readonly fileBytesMax?: number;
  /** Makes room again. */
  grow(): void;
}

/**
 * A file system of `sizeBytes` in memory, where mounting is permitted; else a plain directory and a limit for the size of a file,
 * which fails a write as well, with another error.
 */
export async function smallDisk(path: string, sizeBytes: number): Promise<SmallDisk> {
  await mkdir(path, { recursive: true });
  const mount = (options: string): boolean =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]).status === 0;
  if (!mount(`size=${sizeBytes}`)) {
    return { path, fileBytesMax: sizeBytes, grow: () => undefined, [Symbol.asyncDispose]: async () => undefined };
  }
  return {
    path,
    grow: () => void mount('remount,size=100m'),
    [Symbol.asyncDispose]: async () => {
      spawnSync('umount', [path]);
    },
  };
}
