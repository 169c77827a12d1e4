// What `npm pack` and `npm publish` run in a package's folder: dist/ is built, and holds nothing that has no source any more.
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ending = /(\.d)?\.(ts|js)(\.map)?$/;

/** The files below `folder`, as paths within it. */
function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

const build = spawnSync('tsc', ['-b', 'tsconfig.build.json'], {
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
if (build.status !== 0) process.exit(build.status ?? 1);
const sources = new Set(filesBelow('src').map((path) => path.replace(ending, '')));
for (const path of filesBelow('dist')) {
  if (path !== '.tsbuildinfo' && !sources.has(path.replace(ending, ''))) rmSync(join('dist', path));
}
