import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Names older than this are asked for again. */
const FRESH_MS = 30_000;

/** Where names are kept: below `XDG_CACHE_HOME` or `~/.cache`. */
export function nameCachePath(
  environment: Readonly<Record<string, string | undefined>>,
  homeDirectory: string,
): string {
  const { XDG_CACHE_HOME: shared } = environment;
  return join(shared !== undefined && shared !== '' ? shared : join(homeDirectory, '.cache'), 'ks');
}

/**
 * Names of a cluster, asked for by `ask` at most every thirty seconds: each key pressed is a process of its own. `key` tells clusters and
 * kinds of names apart. A cache that cannot be read or written is none.
 */
export async function cachedNames(
  directory: string,
  key: string,
  ask: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const path = join(directory, `complete-${Buffer.from(key).toString('base64url').slice(0, 200)}`);
  const kept = await stat(path).then(
    async ({ mtimeMs }) => (Math.abs(Date.now() - mtimeMs) < FRESH_MS ? await readFile(path, 'utf8') : undefined),
    () => undefined,
  );
  if (kept !== undefined) return kept.split('\n').filter((name) => name !== '');
  const names = await ask();
  const unfinished = `${path}.${process.pid}.new`;
  await mkdir(directory, { recursive: true, mode: 0o700 })
    .then(() => writeFile(unfinished, names.join('\n'), { mode: 0o600 }))
    .then(() => rename(unfinished, path))
    .catch(() => undefined);
  return names;
}
