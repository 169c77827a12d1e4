import { Args } from '@oclif/core';
import { BaseCommand, globalFlags, settingSources } from '../../base-command.ts';
import { chooseProfile } from '../../settings/load-settings.ts';

export class ProfileDelete extends BaseCommand {
  static override summary = 'Delete profiles; their clusters stay as they are';
  static override hiddenAliases = ['profile rm'];
  static override examples = [
    '<%= config.bin %> profile delete old',
    '<%= config.bin %> profile delete old older',
    'what there is: <%= config.bin %> profile list',
  ];
  static override strict = false;
  static override args = {
    name: Args.string({ required: true, ignoreStdin: true, description: 'name of the profile; more may follow' }),
  };
  static override flags = globalFlags;

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(ProfileDelete);
    const { file } = await chooseProfile(settingSources(flags));
    const names = argv.map(String);
    for (const name of names) file.require(name);
    for (const name of names) file.delete(name);
    await file.write();
    this.say(`deleted ${names.join(', ')} from ${file.path}`, flags);
  }
}
