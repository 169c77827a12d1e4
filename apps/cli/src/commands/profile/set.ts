import { Args } from '@oclif/core';
import { BaseCommand, globalFlags, settingSources } from '../../base-command.ts';
import { CliError } from '../../errors/cli-error.ts';
import { ExitCode } from '../../errors/exit-codes.ts';
import { parsePairs } from '../../input/parse-pairs.ts';
import { chooseProfile } from '../../settings/load-settings.ts';
import { checkSetting } from '../../settings/setting-keys.ts';

export class ProfileSet extends BaseCommand {
  static override summary = 'Set keys of a profile: the one in use, or that of -P';
  static override examples = [
    '<%= config.bin %> profile set brokers=kafka-1:9092',
    '<%= config.bin %> profile set timeout=60 color=red -P prod',
    'take one out: <%= config.bin %> profile set color=',
  ];
  static override strict = false;
  static override args = {
    pair: Args.string({ required: true, ignoreStdin: true, description: 'key=value; an empty value takes it out' }),
  };
  static override flags = globalFlags;

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(ProfileSet);
    const pairs = Object.entries(parsePairs(argv.map(String)));
    for (const [key, value] of pairs) if (value !== '') checkSetting(key, value, 'the command line');
    const { file, chosen } = await chooseProfile(settingSources(flags));
    if (chosen.name === undefined) {
      throw new CliError('no profile is used', { exitCode: ExitCode.NOT_FOUND, hint: 'name one with -P' });
    }
    file.require(chosen.name);
    for (const [key, value] of pairs) {
      if (value === '') file.unset(chosen.name, key);
      else file.set(chosen.name, { [key]: value });
    }
    await file.write();
    this.say(`profile ${chosen.name} changed in ${file.path}`, flags);
  }
}
