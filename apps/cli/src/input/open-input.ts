import { createReadStream, fstatSync } from 'node:fs';
import process from 'node:process';
import type { Readable } from 'node:stream';

/** A file is read in pieces of this size. */
const READ_BYTES = 256 * 1024;
const STANDARD_INPUT = 0;

/** The file at `path`, or standard input. Standard input that is a file (`< lines`) is read in large pieces too. */
export function openInput(path: string | undefined): Readable {
  if (path !== undefined) return createReadStream(path, { highWaterMark: READ_BYTES });
  if (!isFile(STANDARD_INPUT)) return process.stdin;
  return createReadStream('', { fd: STANDARD_INPUT, autoClose: false, highWaterMark: READ_BYTES });
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    // Closed (`<&-`): process.stdin knows what to make of it.
    return false;
  }
}
