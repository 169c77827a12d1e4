import { statfs } from 'node:fs/promises';
import type { DiskSpace } from '../ports/disk-space.ts';

/** The room on this machine's file systems. */
export function createNodeDiskSpace(): DiskSpace {
  return {
    async of(directory) {
      try {
        const { bsize, blocks, bavail } = await statfs(directory);
        return { totalBytes: blocks * bsize, usableBytes: bavail * bsize };
      } catch {
        // The directory is gone or its disk is: its own reads and writes tell that.
        return undefined;
      }
    },
  };
}
