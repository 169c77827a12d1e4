import { Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';

export class GroupsList extends BaseCommand {
  static override summary = 'List groups';
  static override hiddenAliases = ['group list', 'groups ls', 'group ls', 'get groups', 'get consumer-groups'];
  static override examples = [
    '<%= config.bin %> groups list',
    'those nobody reads in: <%= config.bin %> groups list --state Empty',
    'of the new protocol: <%= config.bin %> groups list --type consumer -o json',
  ];
  static override rowShape = {
    groupId: 'string',
    protocolType: 'string',
    state: 'string',
    type: 'string',
    coordinatorId: 'number',
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    state: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description: 'only groups in these states: Stable, Empty, PreparingRebalance, ...',
    }),
    type: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
      description: 'only groups of these types: classic, consumer, share, streams',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(GroupsList);
    await using client = await this.connect(await this.settings(flags));
    this.print(
      await client.admin.listGroups({ states: flags.state, types: flags.type }),
      [
        { name: 'GROUP', get: (row) => row.groupId },
        { name: 'TYPE', get: (row) => row.type },
        { name: 'STATE', get: (row) => row.state },
        { name: 'PROTOCOL', get: (row) => row.protocolType, wide: true },
        { name: 'COORDINATOR', get: (row) => row.coordinatorId, align: 'right', wide: true },
      ],
      flags,
    );
  }
}
