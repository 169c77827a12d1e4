import { Args } from '@oclif/core';
import { DeleteCommand, deleteFlags } from '../../delete-command.ts';
import { requireGroups } from '../../errors/unknown-group.ts';

export class GroupsDelete extends DeleteCommand {
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
  static override flags = deleteFlags;
  static override rowShape = { group: 'string', status: "'deleted' | 'would be deleted'" };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(GroupsDelete);
    const groups = [...new Set(argv.map(String))];
    await this.delete(
      {
        kind: 'group',
        loss: '',
        find: async ({ admin }, { place }) => {
          await requireGroups(admin, groups, place);
          return groups;
        },
        remove: ({ admin }, names) => admin.deleteGroups(names),
      },
      flags,
    );
  }
}
