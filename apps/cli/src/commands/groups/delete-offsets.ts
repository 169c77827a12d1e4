import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { confirm } from '../../confirm.ts';
import { requireGroups } from '../../errors/unknown-group.ts';
import { parsePartitions } from '../../groups/parse-partitions.ts';
import { refuseReadOnly } from '../../read-only.ts';

export class GroupsDeleteOffsets extends BaseCommand {
  static override summary = 'Delete what a group has committed in some topics';
  static override description = 'No member may read them. The group starts there as one that never read.';
  static override hiddenAliases = ['group delete-offsets', 'group offset-delete', 'delete offset'];
  static override examples = [
    '<%= config.bin %> groups delete-offsets billing -t orders',
    'two partitions, without a question: <%= config.bin %> groups delete-offsets billing -t orders:0,2 -y',
    'look first: <%= config.bin %> groups delete-offsets billing -t orders --dry-run',
  ];
  static override args = {
    group: Args.string({ required: true, ignoreStdin: true, description: 'name of the group' }),
  };
  static override rowShape = {
    topic: 'string',
    partition: 'number',
    offset: 'number, what was committed',
    status: "'deleted' | 'would be deleted'",
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    topic: Flags.string({
      char: 't',
      aliases: ['topics'],
      required: true,
      multiple: true,
      multipleNonGreedy: true,
      description: 'TOPIC or TOPIC:PARTITIONS',
    }),
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
    'dry-run': Flags.boolean({ description: 'only tell what would be deleted' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(GroupsDeleteOffsets);
    const { group } = args;
    const settings = await this.settings(flags);
    await using client = await this.connect(settings);
    const { admin } = client;
    await requireGroups(admin, [group], settings.place);
    const named = await parsePartitions(admin, flags.topic, settings.place);
    const isNamed = new Set(named.map(({ topic, partition }) => `${topic} ${partition}`));
    const committed = await admin.listGroupOffsets(group);
    const gone = committed.filter(({ topic, partition }) => isNamed.has(`${topic} ${partition}`));
    if (!flags['dry-run'] && gone.length > 0) {
      const action = `delete what ${group} has committed in ${flags.topic.join(', ')}`;
      refuseReadOnly(settings, action);
      await confirm({ action, name: group, isAgreed: flags.yes, ...settings });
      await admin.deleteGroupOffsets(
        group,
        gone.map(({ topic, partition }) => ({ topic, partition })),
      );
    }
    const status = flags['dry-run'] ? 'would be deleted' : 'deleted';
    this.print(
      gone.map(({ topic, partition, offset }) => ({ topic, partition, offset, status })),
      [
        { name: 'TOPIC', get: (row) => row.topic },
        { name: 'PARTITION', get: (row) => row.partition, align: 'right' },
        { name: 'OFFSET', get: (row) => row.offset, align: 'right' },
        { name: 'STATUS', get: (row) => row.status },
      ],
      flags,
    );
  }
}
