import { type File, type Files, FilesError } from '../ports/files.ts';

interface Handle {
  readonly path: string;
  readonly opening: Promise<File>;
  file: File | undefined;
  users: number;
  /** Closed as soon as the last user is gone. */
  isDropped: boolean;
}

/**
 * Open files, at most about `limit` of them: the least recently used idle one is closed when another is opened. Files in use are never
 * closed, so that the limit can be passed by as many as are in use at once.
 */
export class FileHandles {
  readonly #files: Files;
  readonly #limit: number;
  /** By path, least recently used first. */
  readonly #handles = new Map<string, Handle>();
  /** Closings under way, and why one failed. */
  readonly #closing = new Set<Promise<void>>();
  /** Dropped while in use. */
  readonly #leaving = new Set<Handle>();
  #left: (() => void)[] = [];

  constructor(files: Files, limit: number) {
    this.#files = files;
    this.#limit = limit;
  }

  get openCount(): number {
    return this.#handles.size;
  }

  /** Runs `action` with the file at `path`, opened for reading and writing (made where `create` is set) unless it is open already. */
  async use<T>(path: string, action: (file: File) => Promise<T>, create = false): Promise<T> {
    const handle = this.#handles.get(path) ?? this.#open(path, create);
    handle.users += 1;
    this.#touch(handle);
    try {
      return await action(handle.file ?? (await handle.opening));
    } finally {
      this.#leave(handle);
    }
  }

  /** The file at `path` if it is open: for synchronous reads. Not to be kept beyond the caller's turn. */
  peek(path: string): File | undefined {
    return this.#handles.get(path)?.file;
  }

  /** Closes the file at `path` once its users are gone; needed before it is renamed or removed. Settles when it is closed. */
  async drop(path: string): Promise<void> {
    const handle = this.#handles.get(path);
    if (handle === undefined) return;
    this.#handles.delete(path);
    handle.isDropped = true;
    if (handle.users === 0) this.#close(handle);
    else this.#leaving.add(handle);
    // An opening under way must not come to another file that takes the name next.
    await handle.opening.catch(() => undefined);
    await Promise.all(this.#closing);
  }

  /** Closes all, once their users are gone; for the end. */
  async close(): Promise<void> {
    for (const path of [...this.#handles.keys()]) await this.drop(path);
    while (this.#leaving.size > 0) await new Promise<void>((resolve) => void this.#left.push(resolve));
    await Promise.all(this.#closing);
  }

  #open(path: string, create: boolean): Handle {
    const opening = this.#files.open(path, create ? 'create' : 'read-write');
    const handle: Handle = { path, opening, file: undefined, users: 0, isDropped: false };
    this.#handles.set(path, handle);
    opening.then(
      (file) => {
        handle.file = file;
      },
      () => {
        // Whoever waits for `opening` gets the error; the next user tries again.
        if (this.#handles.get(path) === handle) this.#handles.delete(path);
      },
    );
    this.#shrink();
    return handle;
  }

  #touch(handle: Handle): void {
    if (handle.isDropped) return;
    this.#handles.delete(handle.path);
    this.#handles.set(handle.path, handle);
  }

  #leave(handle: Handle): void {
    handle.users -= 1;
    if (handle.users > 0) return;
    if (!handle.isDropped) {
      this.#shrink();
      return;
    }
    this.#close(handle);
    this.#leaving.delete(handle);
    for (const resolve of this.#left.splice(0)) resolve();
  }

  #shrink(): void {
    if (this.#handles.size <= this.#limit) return;
    for (const handle of this.#handles.values()) {
      if (handle.users > 0 || handle.file === undefined) continue;
      this.#handles.delete(handle.path);
      handle.isDropped = true;
      this.#close(handle);
      if (this.#handles.size <= this.#limit) return;
    }
  }

  #close(handle: Handle): void {
    const closing = handle.opening
      .then((file) => file.close())
      .catch((error: unknown) => {
        // Nothing depends on a close: data that must last was synced before. An open that failed has told its users.
        if (!(error instanceof FilesError)) throw error;
      })
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
