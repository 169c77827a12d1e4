import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { confirm } from '../../confirm.ts';
import { requireGroups } from '../../errors/unknown-group.ts';

export class GroupsDelete extends BaseCommand {
  static override summary = 'Delete groups with what they have committed';
  static override description = 'A group with members cannot be deleted.';
  static override hiddenAliases = ['group delete', 'groups rm', 'group rm', 'delete group', 'delete consumer-group'];
  static override examples = [
    '<%= config.bin %> groups delete billing',
    'without a question: <%= config.bin %> groups delete billing audit -y',
    'look first: <%= config.bin %> groups delete billing --dry-run',
  ];
  static override strict = false;
  static override args = {
    group: Args.string({ required: true, ignoreStdin: true, description: 'name of the group; more may follow' }),
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
    'dry-run': Flags.boolean({ description: 'only tell what would be deleted' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(GroupsDelete);
    const groups = [...new Set(argv.map(String))];
    const settings = await this.settings(flags);
    await using client = await this.connect(settings);
    await requireGroups(client.admin, groups, settings.place);
    if (!flags['dry-run']) {
      const name = groups.join(' ');
      await confirm({ action: `delete ${name}`, name, isAgreed: flags.yes, ...settings });
      await client.admin.deleteGroups(groups);
    }
    this.print(
      groups.map((group) => ({ group, status: flags['dry-run'] ? 'would be deleted' : 'deleted' })),
      [
        { name: 'GROUP', get: (row) => row.group },
        { name: 'STATUS', get: (row) => row.status },
      ],
      flags,
    );
  }
}
