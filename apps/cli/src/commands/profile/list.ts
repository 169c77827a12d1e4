import { BaseCommand, globalFlags, settingSources, tableFlags } from '../../base-command.ts';
import { chooseProfile } from '../../settings/load-settings.ts';

export class ProfileList extends BaseCommand {
  static override summary = 'List the profiles';
  static override hiddenAliases = ['profile ls', 'profiles list'];
  static override examples = [
    '<%= config.bin %> profile list',
    '<%= config.bin %> profile list -o json',
    'names alone: <%= config.bin %> profile list -o name',
  ];
  static override rowShape = {
    name: 'string',
    isCurrent: 'boolean',
    'brokers?': 'string',
    'protected?': "'true' | 'false'",
    'color?': 'string',
    '…?': 'string, any other setting',
  };
  static override flags = { ...globalFlags, ...tableFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(ProfileList);
    const { file, chosen } = await chooseProfile(settingSources(flags));
    const rows = file.names.map((name) => ({ name, isCurrent: name === chosen.name, ...file.profile(name) }));
    const text = (row: object, key: string): string | null => {
      const value = Object.entries(row).find(([name]) => name === key)?.[1];
      return typeof value === 'string' ? value : null;
    };
    this.print(
      rows,
      [
        { name: 'NAME', get: (row) => row.name },
        { name: 'CURRENT', get: (row) => (row.isCurrent ? '*' : '') },
        { name: 'BROKERS', get: (row) => text(row, 'brokers') },
        { name: 'PROTECTED', get: (row) => text(row, 'protected') ?? 'false' },
        { name: 'COLOR', get: (row) => text(row, 'color'), wide: true },
      ],
      flags,
    );
  }
}
