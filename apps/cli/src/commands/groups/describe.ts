import type { TopicPartition } from '@ks/client';
import { Args } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { requireGroups } from '../../errors/unknown-group.ts';

export class GroupsDescribe extends BaseCommand {
  static override summary = 'Show the members of groups and what they read';
  static override hiddenAliases = ['group describe', 'describe group', 'describe consumer-group'];
  static override examples = [
    '<%= config.bin %> groups describe billing',
    'with ids and hosts: <%= config.bin %> groups describe billing -o wide',
    'how far they are: <%= config.bin %> groups lag billing',
  ];
  static override strict = false;
  static override args = {
    group: Args.string({ required: true, ignoreStdin: true, description: 'name of the group; more may follow' }),
  };
  static override rowShape = {
    groupId: 'string',
    type: 'string',
    state: 'string',
    protocolType: 'string',
    assignor: 'string',
    coordinatorId: 'number',
    members: '{ memberId, instanceId, clientId, clientHost, assignment: { topic, partition }[] }[]',
  };
  static override flags = { ...globalFlags, ...tableFlags };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(GroupsDescribe);
    const settings = await this.settings(flags);
    await using client = await this.connect(settings);
    const groups = argv.map(String);
    await requireGroups(client.admin, groups, settings.place);
    const described = await client.admin.describeGroups(groups);
    if (flags.json || flags.output === 'json' || flags.output === 'yaml') {
      this.print(described, [{ name: 'GROUP', get: (row) => row.groupId }], flags);
      return;
    }
    const nobody = { memberId: '', instanceId: null, clientId: '', clientHost: '', assignment: [] };
    this.print(
      described.flatMap((group) =>
        (group.members.length === 0 ? [nobody] : group.members).map((member) => ({ group, member })),
      ),
      [
        { name: 'GROUP', get: ({ group }) => group.groupId },
        { name: 'TYPE', get: ({ group }) => group.type },
        { name: 'STATE', get: ({ group }) => group.state },
        { name: 'ASSIGNOR', get: ({ group }) => group.assignor },
        { name: 'CLIENT', get: ({ member }) => member.clientId || null },
        { name: 'PARTITIONS', get: ({ member }) => partitionsText(member.assignment) || null },
        { name: 'MEMBER', get: ({ member }) => member.memberId || null, wide: true },
        { name: 'INSTANCE', get: ({ member }) => member.instanceId, wide: true },
        { name: 'HOST', get: ({ member }) => member.clientHost || null, wide: true },
        { name: 'COORDINATOR', get: ({ group }) => group.coordinatorId, align: 'right', wide: true },
      ],
      flags,
    );
  }
}

/** `orders:0,2 payments:1`. */
function partitionsText(assignment: readonly TopicPartition[]): string {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of assignment) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  return [...topics]
    .map(([topic, partitions]) => `${topic}:${partitions.toSorted((a, b) => a - b).join(',')}`)
    .join(' ');
}
