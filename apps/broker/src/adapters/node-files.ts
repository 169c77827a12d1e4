import * as fs from 'node:fs';
import * as fsPromises from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DirectoryEntry, type File, type Files, FilesError, type FilesErrorKind } from '../ports/files.ts';
import { lockDirectory } from './directory-lock.ts';

const READ_FILE_BYTES_MAX = 16 * 1024 * 1024;
const TEMPORARY_SUFFIX = '.tmp';
/**
 * What one call writes at most. Linux takes page frames for larger writes in blocks of a megabyte and more, which a virtual machine's host
 * has often taken back: their first touch cost ten times the write (2 instead of 0.2 CPU s per GB). It also keeps readers of the file
 * from waiting for long.
 */
const WRITE_BYTES_MAX = 512 * 1024;

const kinds: Readonly<Record<string, FilesErrorKind>> = {
  ENOENT: 'not-found',
  EEXIST: 'exists',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
};

/** The disk, through Node. Data goes through callbacks, which cost less than promises of `fs/promises`. */
export function createNodeFiles(): Files {
  return new NodeFiles();
}

class NodeFiles implements Files {
  async open(path: string, mode: 'read' | 'read-write' | 'create'): Promise<File> {
    const { O_RDONLY, O_RDWR, O_CREAT } = fs.constants;
    const flags = mode === 'read' ? O_RDONLY : mode === 'create' ? O_RDWR | O_CREAT : O_RDWR;
    const descriptor = await called<number>(path, (done) => fs.open(path, flags, 0o644, done));
    return new NodeFile(path, descriptor);
  }

  async readFile(path: string, maxBytes = READ_FILE_BYTES_MAX): Promise<Uint8Array> {
    const file = await this.open(path, 'read');
    try {
      const size = await file.size();
      if (size > maxBytes)
        throw new FilesError('io', path, `${size} bytes, more than the ${maxBytes} that may be read at once`);
      const contents = new Uint8Array(size);
      return contents.subarray(0, await file.read(contents, 0));
    } finally {
      await file.close();
    }
  }

  async writeFileAtomically(path: string, contents: Uint8Array): Promise<void> {
    const temporary = path + TEMPORARY_SUFFIX;
    await mapped(temporary, async () => {
      const handle = await fsPromises.open(temporary, 'w', 0o644);
      try {
        await handle.writeFile(contents);
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
    await this.rename(temporary, path);
    await this.syncDirectory(dirname(path));
  }

  list(directory: string): Promise<readonly DirectoryEntry[]> {
    return mapped(directory, async () => {
      const entries = await fsPromises.readdir(directory, { withFileTypes: true });
      return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }));
    });
  }

  async exists(path: string): Promise<boolean> {
    try {
      await mapped(path, () => fsPromises.stat(path));
      return true;
    } catch (error) {
      if (error instanceof FilesError && error.kind === 'not-found') return false;
      throw error;
    }
  }

  size(path: string): Promise<number> {
    return mapped(path, async () => (await fsPromises.stat(path)).size);
  }

  makeDirectory(path: string): Promise<void> {
    return mapped(path, () => makeWithParents(path));
  }

  rename(from: string, to: string): Promise<void> {
    return mapped(from, () => fsPromises.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return mapped(path, () => fsPromises.rm(path, { recursive: true, force: true }));
  }

  syncDirectory(path: string): Promise<void> {
    return mapped(path, async () => {
      const handle = await fsPromises.open(path, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    });
  }

  async lock(directory: string): Promise<{ release(): Promise<void> }> {
    return lockDirectory(join(directory, '.lock'));
  }
}

class NodeFile implements File {
  readonly path: string;
  readonly #descriptor: number;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  async size(): Promise<number> {
    const stats = await called<fs.Stats>(this.path, (done) => fs.fstat(this.#descriptor, done));
    return stats.size;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let total = 0;
    while (total < into.length) {
      const count = await called<number>(this.path, (done) =>
        fs.read(this.#descriptor, into, total, into.length - total, position + total, done),
      );
      if (count === 0) break;
      total += count;
    }
    return total;
  }

  readSync(into: Uint8Array, position: number): number {
    let total = 0;
    try {
      while (total < into.length) {
        const count = fs.readSync(this.#descriptor, into, total, into.length - total, position + total);
        if (count === 0) break;
        total += count;
      }
    } catch (error) {
      throw filesError(this.path, error);
    }
    return total;
  }

  async write(views: readonly Uint8Array[], position: number): Promise<void> {
    let left = views.filter((view) => view.length > 0);
    for (let at = position; left.length > 0; ) {
      const written = await this.#writeOnce(viewsWithin(left, WRITE_BYTES_MAX), at);
      // The system may take a part of what it is given; asked for the rest, it says why it takes no more.
      if (written === 0) throw new FilesError('io', this.path, `nothing could be written at ${at}`);
      at += written;
      left = viewsBeyond(left, written);
    }
  }

  #writeOnce(views: readonly Uint8Array[], position: number): Promise<number> {
    const [first] = views;
    return called<number>(this.path, (done) => {
      if (views.length === 1 && first) fs.write(this.#descriptor, first, 0, first.length, position, done);
      else fs.writev(this.#descriptor, views, position, done);
    });
  }

  async sync(): Promise<void> {
    await called<void>(this.path, (done) => fs.fdatasync(this.#descriptor, done));
  }

  async truncate(sizeBytes: number): Promise<void> {
    await called<void>(this.path, (done) => fs.ftruncate(this.#descriptor, sizeBytes, done));
  }

  async close(): Promise<void> {
    await called<void>(this.path, (done) => fs.close(this.#descriptor, done));
  }
}

/** A callback function of `fs` as a promise, with its failure mapped. */
function called<T>(path: string, start: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error === null || error === undefined) resolve(value as T);
      else reject(filesError(path, error));
    });
  });
}

/** Not Node's `recursive`, which never ends where a directory is not made although its parent is there, as below /proc. */
async function makeWithParents(path: string): Promise<void> {
  if (await made(path)) return;
  await makeWithParents(dirname(path));
  if (!(await made(path))) throw new Error('no directory can be made there');
}

/** False where the parent is missing. */
async function made(path: string): Promise<boolean> {
  try {
    await fsPromises.mkdir(path);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && (await fsPromises.stat(path)).isDirectory()) return true;
    if (code === 'ENOENT' && dirname(path) !== path) return false;
    throw error;
  }
}

async function mapped<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw filesError(path, error);
  }
}

function filesError(path: string, error: unknown): FilesError {
  if (error instanceof FilesError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new FilesError(kinds[code] ?? 'io', path, error);
}

/** The first `maxBytes` bytes of the views. */
function viewsWithin(views: readonly Uint8Array[], maxBytes: number): readonly Uint8Array[] {
  let sizeBytes = 0;
  for (const [index, view] of views.entries()) {
    sizeBytes += view.length;
    if (sizeBytes > maxBytes) return [...views.slice(0, index), view.subarray(0, view.length - (sizeBytes - maxBytes))];
  }
  return views;
}

/** The views without their first `count` bytes. */
function viewsBeyond(views: readonly Uint8Array[], count: number): Uint8Array[] {
  let skip = count;
  return views.flatMap((view) => {
    const from = Math.min(skip, view.length);
    skip -= from;
    return from === view.length ? [] : [view.subarray(from)];
  });
}
