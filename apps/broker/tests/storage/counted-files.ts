import type { File, Files } from '../../src/ports/files.ts';

/** A disk that stops answering after a number of operations, as far as its user can see. */
export interface CountedFiles {
  readonly files: Files;
  readonly isStopped: boolean;
  /** `count` more operations are carried out; the next one begins, but never settles. */
  stopAfter(count: number): void;
}

export function countedFiles(disk: Files): CountedFiles {
  let left = Number.POSITIVE_INFINITY;
  let isStopped = false;
  async function counted<T>(start: () => Promise<T>): Promise<T> {
    if (isStopped) return new Promise(() => undefined);
    left -= 1;
    if (left >= 0) return start();
    isStopped = true;
    start().catch(() => undefined);
    return new Promise(() => undefined);
  }
  const fileOf = (file: File): File => ({
    path: file.path,
    size: () => counted(() => file.size()),
    read: (into, position) => counted(() => file.read(into, position)),
    readSync: (into, position) => file.readSync(into, position),
    write: (views, position) => counted(() => file.write(views, position)),
    sync: () => counted(() => file.sync()),
    truncate: (sizeBytes) => counted(() => file.truncate(sizeBytes)),
    close: () => counted(() => file.close()),
  });
  const files: Files = {
    open: (path, mode) => counted(async () => fileOf(await disk.open(path, mode))),
    readFile: (path, maxBytes) => counted(() => disk.readFile(path, maxBytes)),
    writeFileAtomically: (path, contents) => counted(() => disk.writeFileAtomically(path, contents)),
    list: (directory) => counted(() => disk.list(directory)),
    exists: (path) => counted(() => disk.exists(path)),
    size: (path) => counted(() => disk.size(path)),
    makeDirectory: (path) => counted(() => disk.makeDirectory(path)),
    rename: (from, to) => counted(() => disk.rename(from, to)),
    remove: (path) => counted(() => disk.remove(path)),
    syncDirectory: (path) => counted(() => disk.syncDirectory(path)),
    lock: (directory) => disk.lock(directory),
  };
  return {
    files,
    get isStopped() {
      return isStopped;
    },
    stopAfter(count) {
      left = count;
    },
  };
}
