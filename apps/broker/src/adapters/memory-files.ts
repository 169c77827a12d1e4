import { type DirectoryEntry, type File, type Files, FilesError } from '../ports/files.ts';
import { ByteStore } from './byte-store.ts';

export { ByteStore };

const READ_FILE_BYTES_MAX = 16 * 1024 * 1024;

/** A disk in memory: for in-process brokers and tests. Everything settles at once, nothing survives the object. */
export function createMemoryFiles(): Files {
  return new MemoryFiles();
}

class MemoryFiles implements Files {
  readonly #files = new Map<string, ByteStore>();
  readonly #directories = new Set<string>(['/', '.', '']);
  readonly #locks = new Set<string>();

  async open(path: string, mode: 'read' | 'read-write' | 'create'): Promise<File> {
    let contents = this.#files.get(path);
    if (contents === undefined) {
      if (mode !== 'create') throw notFound(path);
      this.#requireDirectory(parentOf(path));
      contents = new ByteStore();
      this.#files.set(path, contents);
    }
    return new MemoryFile(path, contents);
  }

  async readFile(path: string, maxBytes = READ_FILE_BYTES_MAX): Promise<Uint8Array> {
    const contents = this.#files.get(path);
    if (contents === undefined) throw notFound(path);
    if (contents.size > maxBytes) throw new FilesError('io', path, `${contents.size} bytes, more than ${maxBytes}`);
    const bytes = new Uint8Array(contents.size);
    contents.read(bytes, 0);
    return bytes;
  }

  async writeFileAtomically(path: string, contents: Uint8Array): Promise<void> {
    this.#requireDirectory(parentOf(path));
    const store = new ByteStore();
    store.write(contents, 0);
    this.#files.set(path, store);
  }

  async list(directory: string): Promise<readonly DirectoryEntry[]> {
    this.#requireDirectory(directory);
    const entries: DirectoryEntry[] = [];
    for (const path of this.#files.keys()) {
      if (parentOf(path) === directory) entries.push({ name: nameOf(path), isDirectory: false });
    }
    for (const path of this.#directories) {
      if (path !== directory && parentOf(path) === directory) entries.push({ name: nameOf(path), isDirectory: true });
    }
    return entries;
  }

  async exists(path: string): Promise<boolean> {
    return this.#files.has(path) || this.#directories.has(path);
  }

  async size(path: string): Promise<number> {
    const contents = this.#files.get(path);
    if (contents === undefined) throw notFound(path);
    return contents.size;
  }

  async makeDirectory(path: string): Promise<void> {
    for (let at = path; !this.#directories.has(at); at = parentOf(at)) this.#directories.add(at);
  }

  async rename(from: string, to: string): Promise<void> {
    if (!(await this.exists(from))) throw notFound(from);
    for (const path of [...this.#files.keys()]) {
      const contents = this.#files.get(path);
      const moved = movedPath(path, from, to);
      if (moved === undefined || contents === undefined) continue;
      this.#files.delete(path);
      this.#files.set(moved, contents);
    }
    for (const path of [...this.#directories]) {
      const moved = movedPath(path, from, to);
      if (moved === undefined) continue;
      this.#directories.delete(path);
      this.#directories.add(moved);
    }
  }

  async remove(path: string): Promise<void> {
    const isWithin = (other: string) => other === path || other.startsWith(`${path}/`);
    for (const other of [...this.#files.keys()]) if (isWithin(other)) this.#files.delete(other);
    for (const other of [...this.#directories]) if (isWithin(other)) this.#directories.delete(other);
  }

  async syncDirectory(path: string): Promise<void> {
    this.#requireDirectory(path);
  }

  async lock(directory: string): Promise<{ release(): Promise<void> }> {
    await this.makeDirectory(directory);
    if (this.#locks.has(directory)) throw new FilesError('locked', `${directory}/.lock`, 'in use by another broker');
    this.#locks.add(directory);
    return {
      release: async () => {
        this.#locks.delete(directory);
      },
    };
  }

  #requireDirectory(path: string): void {
    if (!this.#directories.has(path)) throw notFound(path);
  }
}

class MemoryFile implements File {
  readonly path: string;
  readonly #contents: ByteStore;

  constructor(path: string, contents: ByteStore) {
    this.path = path;
    this.#contents = contents;
  }

  async size(): Promise<number> {
    return this.#contents.size;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    return this.#contents.read(into, position);
  }

  readSync(into: Uint8Array, position: number): number {
    return this.#contents.read(into, position);
  }

  async write(views: readonly Uint8Array[], position: number): Promise<void> {
    let at = position;
    for (const view of views) {
      this.#contents.write(view, at);
      at += view.length;
    }
  }

  async sync(): Promise<void> {}

  async truncate(sizeBytes: number): Promise<void> {
    this.#contents.truncate(sizeBytes);
  }

  async close(): Promise<void> {}
}

function notFound(path: string): FilesError {
  return new FilesError('not-found', path, 'no such file or directory');
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : path.slice(0, slash);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Where `path` goes when `from` is renamed `to`; undefined where it is not concerned. */
function movedPath(path: string, from: string, to: string): string | undefined {
  if (path === from) return to;
  return path.startsWith(`${from}/`) ? to + path.slice(from.length) : undefined;
}
