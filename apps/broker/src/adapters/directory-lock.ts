import { closeSync, openSync } from 'node:fs';
import { FilesError } from '../ports/files.ts';
import { loadSqlite } from './sqlite-errors.ts';

/** SQLite's result code when another connection has the lock. */
const SQLITE_BUSY = 5;

/**
 * Takes the lock file at `path` until `release` or the end of the process, however it ends.
 *
 * Node has no call for file locks, but SQLite takes the operating system's (fcntl), and so does Kafka on its `.lock`: an exclusive
 * transaction on the empty file keeps out other ks processes, other brokers of this process, and a Kafka broker. As the kernel
 * holds it, a killed process leaves no lock behind and nothing stale has to be guessed.
 */
export function lockDirectory(path: string): { release(): Promise<void> } {
  try {
    closeSync(openSync(path, 'a', 0o644));
  } catch (error) {
    throw new FilesError('io', path, error);
  }
  const { DatabaseSync } = loadSqlite();
  const database = new DatabaseSync(path);
  try {
    // In memory: no journal file beside the lock. Nothing is ever written.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    const isBusy = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
    if (isBusy) throw new FilesError('locked', path, 'the log directory is in use by another broker');
    throw new FilesError('io', path, error);
  }
  return {
    release: async () => {
      if (database.isOpen) database.close();
    },
  };
}
