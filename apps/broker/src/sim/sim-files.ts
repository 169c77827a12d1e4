import type { Clock } from '../ports/clock.ts';
import { type DirectoryEntry, type File, type Files, FilesError, type FilesErrorKind } from '../ports/files.ts';
import type { SeededRandom } from './prng.ts';
import type { SimFaults } from './sim-file-faults.ts';
import { SimContents, SimFolder, type SimNode } from './sim-disk.ts';

export interface SimFilesOptions {
  readonly clock: Clock;
  readonly random: SeededRandom;
  /** Each operation takes a random time up to this, unless the faults say otherwise. Default 2. */
  readonly delayMaxMs?: number;
}

/**
 * A disk that forgets. Until a file is synced a crash may take back its changes, in part and torn; until a directory is synced, its new
 * and changed names. Every operation takes virtual time, and the views of a write are read when it completes, not when it starts.
 */
export class SimFiles implements Files {
  readonly faults: SimFaults = {};
  readonly #options: SimFilesOptions;
  readonly #root: SimFolder;
  readonly #locks = new Set<string>();
  /** Writes under way: a crash may have carried out any part of them. */
  readonly #writing = new Set<(share: number) => void>();
  #openCount = 0;
  #isDead = false;

  constructor(options: SimFilesOptions, root = new SimFolder()) {
    this.#options = options;
    this.#root = root;
  }

  /** Files that are open now. */
  get openCount(): number {
    return this.#openCount;
  }

  /** The power goes: nothing of this object settles any more. What the platters hold is the disk that is returned. */
  crash(options = this.#options): SimFiles {
    for (const write of this.#writing) write(1);
    this.#isDead = true;
    return new SimFiles(options, this.#root.afterCrash(this.#options.random));
  }

  /** The process is killed but the system lives: everything that completed is there, and any part of the writes under way. */
  kill(options = this.#options): SimFiles {
    for (const write of this.#writing) write(this.#options.random.fraction());
    this.#isDead = true;
    const next = new SimFiles(options, this.#root);
    Object.assign(next.faults, this.faults);
    return next;
  }

  /** A file's contents as they are, at once and without a fault; undefined where it is absent. */
  peek(path: string): Uint8Array | undefined {
    const node = this.#node(path);
    if (!(node instanceof SimContents)) return undefined;
    const bytes = new Uint8Array(node.current.size);
    node.current.read(bytes, 0);
    return bytes;
  }

  /** What a directory holds, likewise. */
  peekNames(path: string): readonly string[] {
    const node = this.#node(path);
    return node instanceof SimFolder ? [...node.current.keys()] : [];
  }

  open(path: string, mode: 'read' | 'read-write' | 'create'): Promise<File> {
    return this.#later(() => {
      const { folder, name } = this.#locate(path);
      let node = folder.current.get(name);
      if (node === undefined && mode === 'create') {
        node = new SimContents();
        folder.change(undefined, [name, node]);
      }
      if (!(node instanceof SimContents)) throw notFound(path);
      return this.#file(path, node);
    });
  }

  readFile(path: string, maxBytes = 16 * 1024 * 1024): Promise<Uint8Array> {
    return this.#later(() => {
      this.#check(this.faults.read, path);
      const { current } = this.#contents(path);
      if (current.size > maxBytes) throw new FilesError('io', path, `more than ${maxBytes} bytes`);
      const bytes = new Uint8Array(current.size);
      current.read(bytes, 0);
      return bytes;
    });
  }

  async writeFileAtomically(path: string, contents: Uint8Array): Promise<void> {
    const temporary = `${path}.tmp`;
    const file = await this.open(temporary, 'create');
    await file.truncate(0);
    await file.write([contents], 0);
    await file.sync();
    await file.close();
    await this.rename(temporary, path);
    await this.syncDirectory(path.slice(0, path.lastIndexOf('/')));
  }

  list(directory: string): Promise<readonly DirectoryEntry[]> {
    return this.#later(() =>
      [...this.#folder(directory).current].map(([name, node]) => ({ name, isDirectory: node instanceof SimFolder })),
    );
  }

  exists(path: string): Promise<boolean> {
    return this.#later(() => this.#node(path) !== undefined);
  }

  size(path: string): Promise<number> {
    return this.#later(() => this.#contents(path).current.size);
  }

  makeDirectory(path: string): Promise<void> {
    return this.#later(() => {
      let folder = this.#root;
      for (const name of path.split('/').filter((part) => part !== '')) {
        let next = folder.current.get(name);
        if (next === undefined) {
          next = new SimFolder();
          folder.change(undefined, [name, next]);
        }
        if (!(next instanceof SimFolder)) throw new FilesError('exists', path, 'a file is in the way');
        folder = next;
      }
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.#later(() => {
      const source = this.#locate(from);
      const target = this.#locate(to);
      const node = source.folder.current.get(source.name);
      if (node === undefined) throw notFound(from);
      if (source.folder !== target.folder)
        throw new FilesError('io', from, 'a rename to another directory is not simulated');
      source.folder.change(source.name, [target.name, node]);
    });
  }

  remove(path: string): Promise<void> {
    return this.#later(() => {
      if (this.#node(path) === undefined) return;
      const { folder, name } = this.#locate(path);
      folder.change(name, undefined);
    });
  }

  async syncDirectory(path: string): Promise<void> {
    const folder = this.#folder(path);
    const count = folder.changeCount;
    await this.#later(() => {
      this.#check(this.faults.sync, path);
      folder.settle(count);
    });
  }

  async lock(directory: string): Promise<{ release(): Promise<void> }> {
    if (this.#locks.has(directory)) throw new FilesError('locked', `${directory}/.lock`, 'in use by another broker');
    this.#locks.add(directory);
    return {
      release: async () => {
        this.#locks.delete(directory);
      },
    };
  }

  #file(path: string, node: SimContents): File {
    this.#openCount += 1;
    return {
      path,
      size: () => this.#later(() => node.current.size),
      read: (into, position) =>
        this.#later(() => {
          this.#check(this.faults.read, path);
          return node.current.read(into, position);
        }),
      readSync: (into, position) => {
        this.#check(this.faults.read, path);
        return node.current.read(into, position);
      },
      write: (views, position) => this.#write(path, node, views, position),
      sync: async () => {
        const count = node.changeCount;
        await this.#later(() => {
          this.#check(this.faults.sync, path);
          node.settle(count);
        });
      },
      truncate: (sizeBytes) => this.#later(() => node.truncate(sizeBytes)),
      close: () => {
        this.#openCount -= 1;
        return this.#later(() => undefined);
      },
    };
  }

  async #write(path: string, node: SimContents, views: readonly Uint8Array[], position: number): Promise<void> {
    const carryOut = (share: number) => {
      const bytes = joined(views);
      node.write(bytes.subarray(0, Math.ceil(bytes.length * share)), position);
    };
    this.#writing.add(carryOut);
    try {
      await this.#later(() => {
        const bytes = joined(views);
        const kind = this.faults.write?.(path) ?? this.#lackOfSpace(node, position + bytes.length);
        if (kind !== undefined) {
          // A write that fails has done any part of its work.
          node.write(bytes.subarray(0, this.#options.random.int(bytes.length + 1)), position);
          throw new FilesError(kind, path, 'injected');
        }
        node.write(bytes, position);
      });
    } finally {
      this.#writing.delete(carryOut);
    }
  }

  #lackOfSpace(node: SimContents, endPosition: number): FilesErrorKind | undefined {
    const growth = Math.max(0, endPosition - node.current.size);
    if (this.faults.spaceBytes === undefined) return undefined;
    if (growth > this.faults.spaceBytes) return 'no-space';
    this.faults.spaceBytes -= growth;
    return undefined;
  }

  #check(fault: ((path: string) => FilesErrorKind | undefined) | undefined, path: string): void {
    const kind = fault?.(path);
    if (kind !== undefined) throw new FilesError(kind, path, 'injected');
  }

  /** Carries `action` out after a random time; never settles once the disk is dead. */
  #later<T>(action: () => T): Promise<T> {
    const { clock, random } = this.#options;
    const delayMaxMs = this.faults.delayMaxMs ?? this.#options.delayMaxMs ?? 2;
    return new Promise((resolve, reject) => {
      if (this.#isDead) return;
      clock.setTimer(random.fraction() * delayMaxMs, () => {
        if (this.#isDead) return;
        try {
          resolve(action());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  #node(path: string): SimNode | undefined {
    let node: SimNode | undefined = this.#root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      node = node instanceof SimFolder ? node.current.get(name) : undefined;
    }
    return node;
  }

  #contents(path: string): SimContents {
    const node = this.#node(path);
    if (!(node instanceof SimContents)) throw notFound(path);
    return node;
  }

  #folder(path: string): SimFolder {
    const node = this.#node(path);
    if (!(node instanceof SimFolder)) throw notFound(path);
    return node;
  }

  #locate(path: string): { readonly folder: SimFolder; readonly name: string } {
    const slash = path.lastIndexOf('/');
    return { folder: this.#folder(path.slice(0, slash)), name: path.slice(slash + 1) };
  }
}

function joined(views: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(views.reduce((sum, view) => sum + view.length, 0));
  let at = 0;
  for (const view of views) {
    bytes.set(view, at);
    at += view.length;
  }
  return bytes;
}

function notFound(path: string): FilesError {
  return new FilesError('not-found', path, 'no such file or directory');
}
