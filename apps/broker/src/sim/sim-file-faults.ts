import type { FilesErrorKind } from '../ports/files.ts';

/** What goes wrong, asked at the moment an operation completes. All optional; they may be set and cleared at any time. */
export interface SimFaults {
  /** Bytes that files may still grow by; then writes fail with `no-space`. */
  spaceBytes?: number;
  /** A slower or a faster disk than the options say. */
  delayMaxMs?: number;
  write?: (path: string) => FilesErrorKind | undefined;
  sync?: (path: string) => FilesErrorKind | undefined;
  read?: (path: string) => FilesErrorKind | undefined;
}
