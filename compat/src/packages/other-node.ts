import { execFileSync } from 'node:child_process';
import { delimiter, join, sep } from 'node:path';

/** A Node.js that is not the one that runs this. */
export interface NodeProgram {
  readonly path: string;
  /** As `v20.20.2`. */
  readonly version: string;
}

export const thisNode: NodeProgram = { path: process.execPath, version: process.version };

const OLDEST_MAJOR = 20;

function majorOf(version: string): number {
  return Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
}

function versionOf(path: string): string | undefined {
  try {
    return execFileSync(path, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/** The machine's own older Node that the packages support, if it has one: what npm puts before it in PATH does not count. */
export function findOlderNode(): NodeProgram | undefined {
  const folders = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && !folder.split(sep).includes('node_modules'));
  for (const folder of folders) {
    const path = join(folder, process.platform === 'win32' ? 'node.exe' : 'node');
    const version = versionOf(path);
    if (version === undefined) continue;
    if (majorOf(version) >= OLDEST_MAJOR && majorOf(version) < majorOf(process.version)) return { path, version };
  }
  return undefined;
}
