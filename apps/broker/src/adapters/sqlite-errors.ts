import type * as sqlite from 'node:sqlite';
import { MetadataStoreError, type MetadataStoreErrorKind } from '../ports/metadata-store.ts';

/**
 * `node:sqlite`, loaded when first asked for. Node releases before 24.15 print an ExperimentalWarning while they load it, which
 * is no news for the user of ks: that one warning is held back, all others pass.
 */
export function loadSqlite(): typeof sqlite {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === 'ExperimentalWarning' && String(warning).includes('SQLite')) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = emitWarning;
  }
}

// SQLite's primary result codes, the low byte of `errcode`.
const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_NOTADB = 26;

const explanations = new Map<number, readonly [MetadataStoreErrorKind, string]>([
  [SQLITE_BUSY, ['locked', 'is in use by another process; stop that broker first, or give this one its own log.dirs']],
  [SQLITE_CORRUPT, ['corrupt', 'is damaged; restore it from a backup']],
  [SQLITE_NOTADB, ['corrupt', 'is not a database; restore it from a backup, or move it away to start with no topics']],
  [SQLITE_FULL, ['no-space', 'cannot grow: the disk is full']],
]);

/** The port's error for whatever SQLite or the file system threw. */
export function storeError(path: string, error: unknown): MetadataStoreError {
  if (error instanceof MetadataStoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const errcode = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : -1;
  const [kind, explanation] = explanations.get(errcode) ?? ['io', 'failed'];
  return new MetadataStoreError(kind, `the metadata store ${path} ${explanation} (${message})`, error);
}
