import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { requireGroups } from '../../errors/unknown-group.ts';
import { groupLag, type PartitionLag } from '../../groups/group-lag.ts';

export class GroupsLag extends BaseCommand {
  static override summary = 'Show how far groups are behind the ends of what they read';
  static override description = 'Without a name: all groups. The sum is told on standard error.';
  static override hiddenAliases = ['group lag'];
  static override examples = [
    '<%= config.bin %> groups lag billing',
    'the worst first: <%= config.bin %> groups lag --sort lag',
    'one number for a script: <%= config.bin %> groups lag billing -o json | jq "map(.lag) | add"',
  ];
  static override strict = false;
  static override args = {
    group: Args.string({ ignoreStdin: true, description: 'name of the group; more may follow' }),
  };
  static override rowShape = {
    group: 'string',
    topic: 'string',
    partition: 'number',
    committed: 'number | null',
    end: 'number',
    lag: 'number | null',
    member: 'string | null',
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    sort: Flags.option({
      options: ['partition', 'lag'] as const,
      default: 'partition' as const,
      description: 'by topic and partition, or the most behind first',
    })(),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(GroupsLag);
    const settings = await this.settings(flags);
    await using client = await this.connect(settings);
    const { admin } = client;
    const named = argv.map(String);
    if (named.length > 0) await requireGroups(admin, named, settings.place);
    const listed = named.length > 0 ? named : await describable(admin);
    const rows = (await Promise.all(listed.map((group) => groupLag(admin, group)))).flat();
    if (flags.sort === 'lag') rows.sort((a, b) => (b.lag ?? -1) - (a.lag ?? -1));
    this.print(
      rows,
      [
        { name: 'GROUP', get: (row) => row.group },
        { name: 'TOPIC', get: (row) => row.topic },
        { name: 'PARTITION', get: (row) => row.partition, align: 'right' },
        { name: 'COMMITTED', get: (row) => row.committed, align: 'right' },
        { name: 'END', get: (row) => row.end, align: 'right' },
        { name: 'LAG', get: (row) => row.lag, align: 'right' },
        { name: 'MEMBER', get: (row) => row.member },
      ],
      flags,
    );
    if (!flags.json && flags.output !== 'json') this.say(sumOf(rows), flags);
  }
}

/** Groups that commit offsets of partitions. */
async function describable(admin: Parameters<typeof groupLag>[0]): Promise<readonly string[]> {
  const groups = await admin.listGroups();
  return groups.filter(({ type }) => type !== 'share' && type !== 'streams').map(({ groupId }) => groupId);
}

function sumOf(rows: readonly PartitionLag[]): string {
  const sum = rows.reduce((total, { lag }) => total + (lag ?? 0), 0);
  return `${sum} ${sum === 1 ? 'record' : 'records'} behind in ${rows.length} ${rows.length === 1 ? 'partition' : 'partitions'}`;
}
