import { Args } from '@oclif/core';
import { BaseCommand, globalFlags, settingSources } from '../../base-command.ts';
import { CliError } from '../../errors/cli-error.ts';
import { ExitCode } from '../../errors/exit-codes.ts';
import { chooseProfile } from '../../settings/load-settings.ts';

export class ProfileUse extends BaseCommand {
  static override summary = 'Use a profile from now on';
  static override examples = [
    '<%= config.bin %> profile use prod',
    'back to the one before: <%= config.bin %> profile use -',
    'for one command alone: <%= config.bin %> topics list -P prod',
  ];
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'name of the profile; - is the one before' }),
  };
  static override flags = globalFlags;

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProfileUse);
    const { file } = await chooseProfile(settingSources(flags));
    const name = args.name === '-' ? file.previous : args.name;
    if (name === undefined) {
      throw new CliError('no profile was used before', { exitCode: ExitCode.NOT_FOUND, hint: 'ks profile list' });
    }
    file.require(name);
    file.use(name);
    await file.write();
    this.say(`using profile ${name}`, flags);
  }
}
