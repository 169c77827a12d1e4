import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { plainText, readIfThere, unusable } from './profile-file.ts';

/** The name of a project's own settings. */
export const PROJECT_FILE = '.ks.yaml';

/** What `.ks.yaml` says: the profile to use, and keys that go before the profile's. */
export interface ProjectSettings {
  readonly path: string;
  readonly profile: string | undefined;
  readonly values: Readonly<Record<string, string>>;
}

/** Finds `.ks.yaml` in `directory` or above it, up to the root of the git repository; outside of one only in `directory` itself. */
export async function readProjectFile(directory: string): Promise<ProjectSettings | undefined> {
  for (const candidate of directoriesUpToRoot(directory)) {
    const path = join(candidate, PROJECT_FILE);
    const text = await readIfThere(path);
    if (text !== undefined) return parseProject(path, text);
  }
  return undefined;
}

function directoriesUpToRoot(directory: string): readonly string[] {
  const passed: string[] = [];
  for (let at = directory; ; at = dirname(at)) {
    passed.push(at);
    if (existsSync(join(at, '.git'))) return passed;
    // Above lie directories of others: what is not a repository is not searched.
    if (dirname(at) === at) return [directory];
  }
}

function parseProject(path: string, text: string): ProjectSettings {
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
  if (parsed === null) return { path, profile: undefined, values: {} };
  if (typeof parsed !== 'object' || Array.isArray(parsed)) throw unusable(path, 'it is no map of keys');
  const values: Record<string, string> = {};
  let profile: string | undefined;
  for (const [key, value] of Object.entries(parsed)) {
    if (key === 'profile') profile = plainText(value);
    else values[key] = plainText(value);
  }
  return { path, profile, values };
}
