import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Document, isMap, parseDocument } from 'yaml';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { suggestion } from '../errors/suggestion.ts';

/** Where the profiles lie: `KS_CONFIG`, else `ks/config.yaml` below `XDG_CONFIG_HOME` or `~/.config`. */
export function profileFilePath(
  environment: Readonly<Record<string, string | undefined>>,
  homeDirectory: string,
): string {
  const { KS_CONFIG: own, XDG_CONFIG_HOME: shared } = environment;
  if (own !== undefined && own !== '') return own;
  return join(shared !== undefined && shared !== '' ? shared : join(homeDirectory, '.config'), 'ks', 'config.yaml');
}

/**
 * The file of profiles:
 *
 *     current: prod
 *     profiles:
 *       prod: { brokers: "kafka:9092", protected: true }
 *
 * Comments in it survive a change.
 */
export class ProfileFile {
  readonly path: string;
  readonly #document: Document;

  private constructor(path: string, document: Document) {
    this.path = path;
    this.#document = document;
  }

  /** Reads the file; one that does not exist is empty. Throws a usage error naming the file where it makes no sense. */
  static async read(path: string): Promise<ProfileFile> {
    const text = await readIfThere(path);
    const document = text === undefined || text.trim() === '' ? new Document({}) : parseDocument(text);
    const [broken] = document.errors;
    if (broken !== undefined) throw unusable(path, broken.message);
    if (!isMap(document.contents)) throw unusable(path, 'it is no map of keys');
    const file = new ProfileFile(path, document);
    for (const name of file.names) file.profile(name);
    return file;
  }

  get names(): readonly string[] {
    const profiles = this.#document.get('profiles');
    return isMap(profiles) ? profiles.items.map(({ key }) => String(key)) : [];
  }

  /** The profile that is used where none is named. */
  get current(): string | undefined {
    return this.#text('current');
  }

  /** The one before it, for `profile use -`. */
  get previous(): string | undefined {
    return this.#text('previous');
  }

  /** A profile's keys, undefined where there is none of that name. */
  profile(name: string): Readonly<Record<string, string>> | undefined {
    const found = this.#document.getIn(['profiles', name]);
    if (found === undefined) return undefined;
    if (found === null) return {};
    if (!isMap(found)) throw unusable(this.path, `profile ${name} is no map of keys`);
    const values: Record<string, string> = {};
    for (const [key, value] of Object.entries(found.toJS(this.#document))) values[key] = plainText(value);
    return values;
  }

  /** The profile's keys. Throws NOT_FOUND, with the name that was probably meant. */
  require(name: string): Readonly<Record<string, string>> {
    const found = this.profile(name);
    if (found !== undefined) return found;
    const meant = suggestion(name, this.names);
    throw new CliError(`no profile ${JSON.stringify(name)} in ${this.path}`, {
      exitCode: ExitCode.NOT_FOUND,
      hint: `ks profile list${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`}`,
    });
  }

  /** Puts keys into a profile, which is made if absent; those that are not given stay. */
  set(name: string, values: Readonly<Record<string, string>>): void {
    if (this.profile(name) === undefined) this.#document.setIn(['profiles', name], this.#document.createNode({}));
    for (const [key, value] of Object.entries(values)) this.#document.setIn(['profiles', name, key], value);
  }

  /** Takes a key out of a profile. */
  unset(name: string, key: string): void {
    this.#document.deleteIn(['profiles', name, key]);
  }

  /** Gives a profile another name; where it is the current or the previous one, it stays that. */
  rename(name: string, to: string): void {
    const { current, previous } = this;
    this.set(to, this.profile(name) ?? {});
    this.#document.deleteIn(['profiles', name]);
    if (current === name) this.#document.set('current', to);
    if (previous === name) this.#document.set('previous', to);
  }

  delete(name: string): void {
    this.#document.deleteIn(['profiles', name]);
    if (this.current === name) this.#document.delete('current');
    if (this.previous === name) this.#document.delete('previous');
  }

  use(name: string): void {
    const before = this.current;
    if (before === name) return;
    if (before !== undefined) this.#document.set('previous', before);
    this.#document.set('current', name);
  }

  /** Writes the file in one piece, readable by its owner alone. */
  async write(): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    const unfinished = `${this.path}.${process.pid}.new`;
    await writeFile(unfinished, this.#document.toString(), { mode: 0o600 });
    await rename(unfinished, this.path);
  }

  #text(key: string): string | undefined {
    const value = this.#document.get(key);
    return typeof value === 'string' && value !== '' ? value : undefined;
  }
}

/** A value as text: lists, as of brokers, are joined by commas. */
export function plainText(value: unknown): string {
  return Array.isArray(value) ? value.map(String).join(',') : String(value);
}

/** The contents of a file, undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return undefined;
    throw unusable(path, error instanceof Error ? error.message : String(error));
  }
}

/** The error for a file of settings that cannot be used. */
export function unusable(path: string, why: string): CliError {
  return new CliError(`${path} cannot be used: ${why.split('\n', 1)[0]}`, { exitCode: ExitCode.USAGE });
}
