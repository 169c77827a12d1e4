import process from 'node:process';
import { BaseCommand, globalFlags, settingSources } from '../../base-command.ts';
import { CliError } from '../../errors/cli-error.ts';
import { ExitCode } from '../../errors/exit-codes.ts';
import { chooseProfile } from '../../settings/load-settings.ts';

export class ProfileCurrent extends BaseCommand {
  static override summary = 'Print the name of the profile that is used here';
  static override description =
    'By -P, KS_PROFILE, .ks.yaml of the project, or profile use: the first of these. -v tells which.';
  static override examples = [
    '<%= config.bin %> profile current',
    '<%= config.bin %> profile current -v',
    "in a prompt: PS1='[$(<%= config.bin %> profile current 2>/dev/null)] $ '",
  ];
  static override flags = globalFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(ProfileCurrent);
    const { file, chosen } = await chooseProfile(settingSources(flags));
    if (chosen.name === undefined) {
      throw new CliError('no profile is used', { exitCode: ExitCode.NOT_FOUND, hint: 'ks profile use NAME' });
    }
    file.require(chosen.name);
    process.stdout.write(`${chosen.name}\n`);
    if (flags.verbose) process.stderr.write(`by ${chosen.source}\n`);
  }
}
