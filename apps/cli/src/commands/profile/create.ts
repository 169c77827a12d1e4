import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, settingSources } from '../../base-command.ts';
import { CliError } from '../../errors/cli-error.ts';
import { parsePairs } from '../../input/parse-pairs.ts';
import { chooseProfile } from '../../settings/load-settings.ts';
import { checkProfileName } from '../../settings/profile-name.ts';
import { checkSetting } from '../../settings/setting-keys.ts';

export class ProfileCreate extends BaseCommand {
  static override summary = 'Create a profile, or change one';
  static override examples = [
    '<%= config.bin %> profile create local -b localhost:9092 --use',
    '<%= config.bin %> profile create prod -b kafka-1:9092,kafka-2:9092 -X protected=true -X color=red',
    'change one: <%= config.bin %> profile create prod --update --timeout 60',
  ];
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'name of the profile' }),
  };
  static override flags = {
    ...globalFlags,
    use: Flags.boolean({ description: 'use it from now on' }),
    update: Flags.boolean({ description: 'change the profile if it exists; what is not given stays' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProfileCreate);
    const { name } = args;
    checkProfileName(name);
    const values = {
      ...parsePairs(flags.override ?? []),
      ...(flags.brokers === undefined ? {} : { brokers: flags.brokers }),
      ...(flags.timeout === undefined ? {} : { timeout: String(flags.timeout) }),
    };
    for (const [key, value] of Object.entries(values)) checkSetting(key, value, 'the command line');
    const { file } = await chooseProfile(settingSources(flags));
    const isChange = file.profile(name) !== undefined;
    if (isChange && !flags.update) {
      throw new CliError(`profile ${name} exists`, { hint: `ks profile create ${name} --update` });
    }
    file.set(name, values);
    if (flags.use) file.use(name);
    await file.write();
    this.say(`profile ${name} ${isChange ? 'changed' : 'created'} in ${file.path}`, flags);
  }
}
