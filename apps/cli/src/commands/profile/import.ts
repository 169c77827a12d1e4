import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, settingSources } from '../../base-command.ts';
import { CliError } from '../../errors/cli-error.ts';
import { ExitCode } from '../../errors/exit-codes.ts';
import { importKinds, importProfiles } from '../../settings/import-profile.ts';
import { chooseProfile } from '../../settings/load-settings.ts';
import { readIfThere } from '../../settings/profile-file.ts';
import { checkProfileName } from '../../settings/profile-name.ts';
import { checkSetting } from '../../settings/setting-keys.ts';

export class ProfileImport extends BaseCommand {
  static override summary = "Make profiles of another tool's file";
  static override examples = [
    '<%= config.bin %> profile import ~/.config/rpk/rpk.yaml --from rpk',
    '<%= config.bin %> profile import ~/.config/kcat.conf --from kcat --name local',
    '<%= config.bin %> profile import client.properties --from client.properties --name prod --use',
  ];
  static override args = {
    path: Args.string({ required: true, ignoreStdin: true, description: 'the file' }),
  };
  static override flags = {
    ...globalFlags,
    from: Flags.option({ options: importKinds, required: true, description: 'whose file it is' })(),
    name: Flags.string({ description: 'name of the profile, for files that are about one cluster' }),
    use: Flags.boolean({ description: 'use the one that is the current one there from now on' }),
    update: Flags.boolean({ description: 'change profiles that exist' }),
    'dry-run': Flags.boolean({ description: 'only tell what would be imported' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProfileImport);
    const text = await readIfThere(args.path);
    if (text === undefined) throw new CliError(`${args.path} does not exist`, { exitCode: ExitCode.NOT_FOUND });
    const found = importProfiles(text, flags.from, args.path).map((one) => ({ ...one, name: one.name ?? flags.name }));
    if (found.length === 0) throw new CliError(`${args.path} holds no cluster that ${flags.from} would write`);
    const { file } = await chooseProfile(settingSources(flags));
    for (const { name, values, isCurrent } of found) {
      if (name === undefined) {
        throw new CliError(`${args.path} does not name its cluster`, {
          exitCode: ExitCode.USAGE,
          hint: '--name NAME',
        });
      }
      checkProfileName(name);
      for (const [key, value] of Object.entries(values)) checkSetting(key, value, args.path);
      if (file.profile(name) !== undefined && !flags.update) {
        throw new CliError(`profile ${name} exists`, { hint: 'add --update to change it' });
      }
      file.set(name, values);
      if (flags.use && isCurrent) file.use(name);
    }
    if (!flags['dry-run']) await file.write();
    const names = found.map(({ name }) => name).join(', ');
    this.say(`${flags['dry-run'] ? 'would import' : 'imported'} ${names} from ${args.path}`, flags);
  }
}
