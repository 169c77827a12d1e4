import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../processes/run-command.ts';

/** Libraries that are loaded before libc and change what a process gets from the system, while it runs. */
export interface Preloads {
  readonly slowSync: boolean;
  readonly clocks: boolean;
  environmentOf(name: string): Readonly<Record<string, string>>;
  /** How much longer every fsync of a process takes from now on; 0 ends it. */
  delaySync(name: string, ms: number): Promise<void>;
  /** Sets a process's wall clock apart from the machine's; it is seen within a second. Its steady clock stays. */
  skewClock(name: string, seconds: number): Promise<void>;
}

const source = fileURLToPath(new URL('slow-sync.c', import.meta.url));

/** Compiles and finds them; what cannot be had here is left out. */
export async function preparePreloads(directory: string, names: readonly string[]): Promise<Preloads> {
  const syncFile = (name: string): string => join(directory, `${name}.sync-delay-ms`);
  const clockFile = (name: string): string => join(directory, `${name}.clock`);
  const library = join(directory, 'slow-sync.so');
  const slowSync = await runCommand('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']).then(
    () => true,
    () => false,
  );
  const faketime = await findFaketime();
  for (const name of names) {
    await writeFile(syncFile(name), '0');
    await writeFile(clockFile(name), '+0');
  }
  const libraries = [...(slowSync ? [library] : []), ...(faketime === undefined ? [] : [faketime])].join(' ');
  return {
    slowSync,
    clocks: faketime !== undefined,
    environmentOf: (name) =>
      libraries === ''
        ? {}
        : {
            LD_PRELOAD: libraries,
            SYNC_DELAY_FILE: syncFile(name),
            FAKETIME_TIMESTAMP_FILE: clockFile(name),
            FAKETIME_CACHE_DURATION: '1',
            FAKETIME_DONT_FAKE_MONOTONIC: '1',
          },
    delaySync: (name, ms) => writeFile(syncFile(name), `${Math.round(ms)}`),
    skewClock: (name, seconds) => writeFile(clockFile(name), seconds < 0 ? `${seconds}` : `+${seconds}`),
  };
}

/** Where Debian and others put the library of `faketime` for programs with threads. */
async function findFaketime(): Promise<string | undefined> {
  const folders = ['/usr/lib', '/usr/lib64'].filter(existsSync);
  for (const folder of folders) {
    const below = (await readdir(folder, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
    for (const each of [folder, ...below]) {
      for (const path of [join(each, 'libfaketimeMT.so.1'), join(each, 'faketime', 'libfaketimeMT.so.1')])
        if (existsSync(path)) return path;
    }
  }
  return undefined;
}
