import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The folders of the packages that are published. */
export const publishedFolders = ['core-wasm', 'protocol', 'client'] as const;
export const folderOf = (name: string): string => join(root, 'packages', name);
const installedFolder = (name: string): string => join(root, 'node_modules', name);

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** npm as a user would start it: what an npm above this one says by its environment would lead to this workspace. */
async function npm(args: readonly string[], cwd: string): Promise<string> {
  const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const { stdout } = await run('npm', [...args], { cwd, env: Object.fromEntries(own), encoding: 'utf8' });
  return stdout;
}

async function pack(folder: string, destination: string, flags: readonly string[] = []): Promise<string> {
  const out = await npm(['pack', '--silent', '--pack-destination', destination, ...flags], folder);
  return join(destination, out.trim().split('\n').at(-1) ?? '');
}

/** What the packages need that is not among them, with what that needs. */
async function foreignDependencies(): Promise<readonly string[]> {
  const found = new Set<string>();
  const add = async (manifest: string): Promise<void> => {
    const { dependencies = {} } = JSON.parse(await readFile(manifest, 'utf8')) as Manifest;
    for (const name of Object.keys(dependencies)) {
      if (name.startsWith('@ks/') || found.has(name)) continue;
      found.add(name);
      await add(join(installedFolder(name), 'package.json'));
    }
  };
  for (const folder of publishedFolders) await add(join(folderOf(folder), 'package.json'));
  return [...found];
}

export interface PackedPackages {
  /** Of the published packages, in the order of `publishedFolders`. */
  readonly tarballs: readonly string[];
  /** Of what they need. */
  readonly foreign: readonly string[];
}

/** Packs the published packages by `npm pack`, and the installed copies of what they depend on. */
export async function packPackages(destination: string): Promise<PackedPackages> {
  const tarballs: string[] = [];
  // One after the other: packing builds, and each builds what it needs of the others.
  for (const folder of publishedFolders) tarballs.push(await pack(folderOf(folder), destination));
  const names = await foreignDependencies();
  const foreign = await Promise.all(
    names.map((name) => pack(installedFolder(name), destination, ['--ignore-scripts'])),
  );
  return { tarballs, foreign };
}

/** Makes an empty project and installs the tarballs into it, with an empty cache and without a network. */
export async function installInEmptyProject(packed: PackedPackages, project: string): Promise<void> {
  await mkdir(project, { recursive: true });
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  const quiet = ['--offline', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--silent'];
  const cache = ['--cache', join(project, '.npm-cache')];
  await npm(['install', ...quiet, ...cache, ...packed.foreign, ...packed.tarballs], project);
}

/** Lends the project what this workspace has installed: what a user's project brings itself. */
export async function lendInstalled(project: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const link = join(project, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(installedFolder(name), link, 'junction');
  }
}
