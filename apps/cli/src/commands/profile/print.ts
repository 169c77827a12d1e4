import { Args } from '@oclif/core';
import { BaseCommand, globalFlags, settingSources, tableFlags } from '../../base-command.ts';
import { chooseProfile, loadSettings } from '../../settings/load-settings.ts';

export class ProfilePrint extends BaseCommand {
  static override summary = 'Print the settings that a command would have here, and where each comes from';
  static override description = 'With a name: what stands in that profile alone.';
  static override examples = [
    '<%= config.bin %> profile print',
    '<%= config.bin %> profile print prod -o yaml',
    'with what would go over it: KS_TIMEOUT=5 <%= config.bin %> profile print -P prod',
  ];
  static override args = {
    name: Args.string({ ignoreStdin: true, description: 'name of a profile' }),
  };
  static override rowShape = { key: 'string', value: 'string', source: 'string' };
  static override flags = { ...globalFlags, ...tableFlags };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ProfilePrint);
    const sources = settingSources(flags);
    this.print(
      args.name === undefined ? (await loadSettings(sources)).resolved : await profileRows(args.name, sources),
      [
        { name: 'KEY', get: (row) => row.key },
        { name: 'VALUE', get: (row) => row.value },
        { name: 'SOURCE', get: (row) => row.source },
      ],
      flags,
    );
  }
}

async function profileRows(name: string, sources: Parameters<typeof chooseProfile>[0]) {
  const { file } = await chooseProfile(sources);
  return Object.entries(file.require(name)).map(([key, value]) => ({ key, value, source: `profile ${name}` }));
}
