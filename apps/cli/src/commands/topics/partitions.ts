import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { namingTopics } from '../../errors/unknown-topic.ts';
import { refuseReadOnly } from '../../read-only.ts';

export class TopicsPartitions extends BaseCommand {
  static override summary = 'Give a topic more partitions';
  static override description =
    'There is no way back to fewer. Keys that went to one partition may go to another from then on.';
  static override hiddenAliases = ['topic partitions', 'topic add-partitions', 'topics add-partitions'];
  static override examples = [
    'to 6 in all: <%= config.bin %> topics partitions orders -n 6',
    'look first: <%= config.bin %> topics partitions orders -n 6 --dry-run',
  ];
  static override args = {
    topic: Args.string({ required: true, ignoreStdin: true, description: 'name of the topic' }),
  };
  static override rowShape = {
    topic: 'string',
    status: "'changed' | 'would be changed'",
    from: 'number, partitions before',
    to: 'number, partitions behind it',
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    count: Flags.integer({ char: 'n', required: true, min: 1, description: 'how many there shall be in all' }),
    'dry-run': Flags.boolean({ description: 'only check whether it could be done' }),
  };

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TopicsPartitions);
    const { topic } = args;
    const settings = await this.settings(flags);
    const validateOnly = flags['dry-run'];
    if (!validateOnly) refuseReadOnly(settings, `add partitions to ${topic}`);
    await using client = await this.connect(settings);
    const [described] = await namingTopics(client.admin, [topic], settings.place, () =>
      client.admin.describeTopics([topic]),
    );
    await client.admin.createPartitions([{ topic, count: flags.count }], { validateOnly });
    const row = {
      topic,
      status: validateOnly ? 'would be changed' : 'changed',
      from: described?.partitionCount ?? 0,
      to: flags.count,
    };
    this.print(
      [row],
      [
        { name: 'TOPIC', get: (one) => one.topic },
        { name: 'STATUS', get: ({ status }) => status },
        { name: 'FROM', get: ({ from }) => from, align: 'right' },
        { name: 'TO', get: ({ to }) => to, align: 'right' },
      ],
      flags,
    );
  }
}
