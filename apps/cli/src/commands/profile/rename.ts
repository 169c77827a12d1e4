import { Args } from '@oclif/core';
import { BaseCommand, globalFlags, settingSources } from '../../base-command.ts';
import { CliError } from '../../errors/cli-error.ts';
import { chooseProfile } from '../../settings/load-settings.ts';
import { checkProfileName } from '../../settings/profile-name.ts';

export class ProfileRename extends BaseCommand {
  static override summary = 'Give a profile another name';
  static override examples = [
    '<%= config.bin %> profile rename prod production',
    'what there is: <%= config.bin %> profile list',
  ];
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'name of the profile' }),
    to: Args.string({ required: true, ignoreStdin: true, description: 'its new name' }),
  };
  static override flags = globalFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProfileRename);
    checkProfileName(args.to);
    const { file } = await chooseProfile(settingSources(flags));
    file.require(args.name);
    if (file.profile(args.to) !== undefined) throw new CliError(`profile ${args.to} exists`);
    file.rename(args.name, args.to);
    await file.write();
    this.say(`profile ${args.name} is ${args.to} now`, flags);
  }
}
