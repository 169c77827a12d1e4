/** Bytes of the file system that a directory lies on. */
export interface SpaceOnDisk {
  readonly totalBytes: number;
  /** What this process may still write. */
  readonly usableBytes: number;
}

/** How much room there is. */
export interface DiskSpace {
  /** Undefined where it cannot be told. */
  of(directory: string): Promise<SpaceOnDisk | undefined>;
}
