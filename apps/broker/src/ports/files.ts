/** Why a file operation failed, for the cases that code decides on. Everything else is `io`. */
export type FilesErrorKind = 'not-found' | 'exists' | 'no-space' | 'locked' | 'io';

/** Every failure of a `Files` port. */
export class FilesError extends Error {
  readonly kind: FilesErrorKind;
  readonly path: string;
  constructor(kind: FilesErrorKind, path: string, cause: unknown) {
    super(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'FilesError';
    this.kind = kind;
    this.path = path;
  }
}

/** An open file. Positions and sizes are in bytes. Callers close it exactly once, after their last operation settled. */
export interface File {
  readonly path: string;
  /** Size now, asked from the operating system. */
  size(): Promise<number>;
  /** Reads into all of `into` from `position`; returns the bytes read, fewer only at the end of the file. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** Like `read`, on this thread: for small or surely cached pieces. */
  readSync(into: Uint8Array, position: number): number;
  /** Writes all views one after the other from `position`; a short write is an error. */
  write(views: readonly Uint8Array[], position: number): Promise<void>;
  /** Flushes the data (fdatasync). After it settles, what was written before the call survives a power cut. */
  sync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}

/** What a directory holds. */
export interface DirectoryEntry {
  readonly name: string;
  readonly isDirectory: boolean;
}

/** The disk. Paths are joined by `/`. A created, renamed or removed name is durable only after `syncDirectory` of its folder. */
export interface Files {
  /** `create`: makes the file if it is absent, keeps its contents if not. */
  open(path: string, mode: 'read' | 'read-write' | 'create'): Promise<File>;
  /** Whole contents; `maxBytes` bounds what is read (default 16 MB), a larger file is an `io` error. */
  readFile(path: string, maxBytes?: number): Promise<Uint8Array>;
  /** Replaces `path` so that after a crash either the old or the new contents are there: temp file, sync, rename, sync of the folder. */
  writeFileAtomically(path: string, contents: Uint8Array): Promise<void>;
  list(directory: string): Promise<readonly DirectoryEntry[]>;
  exists(path: string): Promise<boolean>;
  size(path: string): Promise<number>;
  /** With all missing parents. */
  makeDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a whole directory; an absent one is no error. */
  remove(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
  /** Takes the directory's `.lock`, held until `release` or the process's end; `locked` if another process has it. */
  lock(directory: string): Promise<{ release(): Promise<void> }>;
}
