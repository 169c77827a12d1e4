import { parsePairs } from '../input/parse-pairs.ts';
import { readCommandConfig } from './command-config.ts';
import { ProfileFile, profileFilePath } from './profile-file.ts';
import { readProjectFile } from './project-file.ts';
import { environmentLayer, resolveSettings, type SettingLayer, type Settings } from './resolve-settings.ts';

/** What settings are made from. */
export interface SettingSources {
  readonly flags: {
    readonly brokers?: string | undefined;
    readonly timeout?: number | undefined;
    readonly profile?: string | undefined;
    /** `key=value`, as given to `-X`. */
    readonly override?: readonly string[] | undefined;
    readonly 'read-only'?: boolean | undefined;
    /** A Java client's properties. */
    readonly 'command-config'?: string | undefined;
  };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  readonly homeDirectory: string;
}

/** Which profile is used, and who says so. */
export interface ChosenProfile {
  readonly name: string | undefined;
  readonly source: string;
}

/**
 * Flag before `-X` before `--command-config` before environment before project before profile before default. A profile that is named by `-P` or `KS_PROFILE`
 * leaves the project's `.ks.yaml` out: whoever names one means that cluster.
 */
export async function loadSettings(sources: SettingSources): Promise<Settings> {
  const { flags, environment } = sources;
  const { file, chosen, project } = await chooseProfile(sources);
  const layers: SettingLayer[] = [
    { source: 'a flag', values: flagValues(flags) },
    { source: '-X', values: parsePairs(flags.override ?? []) },
  ];
  const properties = flags['command-config'];
  if (properties !== undefined) layers.push({ source: properties, values: await readCommandConfig(properties) });
  layers.push(environmentLayer(environment));
  if (project !== undefined) layers.push({ source: project.path, values: project.values });
  if (chosen.name !== undefined) layers.push({ source: `profile ${chosen.name}`, values: file.require(chosen.name) });
  return resolveSettings(layers, chosen.name);
}

/** The file of profiles, and which of them is used: `-P`, then `KS_PROFILE`, then the project's, then the current one. */
export async function chooseProfile({ flags, environment, directory, homeDirectory }: SettingSources): Promise<{
  readonly file: ProfileFile;
  readonly chosen: ChosenProfile;
  readonly project: Awaited<ReturnType<typeof readProjectFile>>;
}> {
  const file = await ProfileFile.read(profileFilePath(environment, homeDirectory));
  const { KS_PROFILE: named } = environment;
  if (flags.profile !== undefined) return { file, chosen: { name: flags.profile, source: '-P' }, project: undefined };
  if (named !== undefined && named !== '')
    return { file, chosen: { name: named, source: 'KS_PROFILE' }, project: undefined };
  const project = await readProjectFile(directory);
  if (project?.profile !== undefined) return { file, chosen: { name: project.profile, source: project.path }, project };
  return { file, chosen: { name: file.current, source: file.path }, project };
}

function flagValues(flags: SettingSources['flags']): Record<string, string> {
  const { brokers, timeout } = flags;
  return {
    ...(flags['read-only'] === true ? { 'read.only': 'true' } : {}),
    ...(brokers === undefined ? {} : { brokers }),
    ...(timeout === undefined ? {} : { timeout: String(timeout) }),
  };
}
