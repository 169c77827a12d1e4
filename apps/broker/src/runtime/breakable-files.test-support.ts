import { createMemoryFiles } from '../adapters/memory-files.ts';
import { type File, type Files, FilesError } from '../ports/files.ts';

/** A disk in memory that can be made to refuse all writes. */
export class BreakableFiles implements Files {
  isBroken = false;
  readonly #files = createMemoryFiles();
  async open(path: string, mode: 'read' | 'read-write' | 'create'): Promise<File> {
    const file = await this.#files.open(path, mode);
    const write: File['write'] = async (views, at) => {
      if (this.isBroken) throw new FilesError('io', path, 'input/output error');
      return file.write(views, at);
    };
    return new Proxy(file, { get: (target, name) => (name === 'write' ? write : bound(target, name)) });
  }
  readFile = (path: string, maxBytes?: number) => this.#files.readFile(path, maxBytes);
  writeFileAtomically = (path: string, contents: Uint8Array) => this.#files.writeFileAtomically(path, contents);
  list = (path: string) => this.#files.list(path);
  exists = (path: string) => this.#files.exists(path);
  size = (path: string) => this.#files.size(path);
  makeDirectory = (path: string) => this.#files.makeDirectory(path);
  rename = (from: string, to: string) => this.#files.rename(from, to);
  remove = (path: string) => this.#files.remove(path);
  syncDirectory = (path: string) => this.#files.syncDirectory(path);
  lock = (path: string) => this.#files.lock(path);
}

function bound(target: object, name: string | symbol): unknown {
  const member: unknown = Reflect.get(target, name, target);
  return typeof member === 'function' ? member.bind(target) : member;
}
