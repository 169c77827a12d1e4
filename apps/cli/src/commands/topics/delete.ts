import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { confirm } from '../../confirm.ts';
import { unknownTopic } from '../../errors/unknown-topic.ts';

export class TopicsDelete extends BaseCommand {
  static override summary = 'Delete topics with all their records';
  static override hiddenAliases = ['topic delete', 'topics rm', 'topic rm', 'delete topic', 'delete topics'];
  static override examples = [
    '<%= config.bin %> topics delete orders',
    'without a question: <%= config.bin %> topics delete orders payments -y',
    'look first: <%= config.bin %> topics delete orders --dry-run',
  ];
  static override strict = false;
  static override args = {
    topic: Args.string({ required: true, ignoreStdin: true, description: 'name of the topic; more may follow' }),
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    yes: Flags.boolean({ char: 'y', description: 'do not ask' }),
    'dry-run': Flags.boolean({ description: 'only tell what would be deleted' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(TopicsDelete);
    const topics = [...new Set(argv.map(String))];
    const settings = await this.settings(flags);
    const { place, isProtected } = settings;
    await using client = await this.connect(settings);
    const known = (await client.admin.listTopics({ includeInternal: true })).map((topic) => topic.name);
    const missing = topics.find((topic) => !known.includes(topic));
    if (missing !== undefined) throw unknownTopic(missing, known, place);
    if (!flags['dry-run']) {
      const name = topics.join(' ');
      await confirm({ action: `delete ${name} with all records`, name, isAgreed: flags.yes, isProtected, place });
      await client.admin.deleteTopics(topics);
    }
    this.print(
      topics.map((topic) => ({ topic, status: flags['dry-run'] ? 'would be deleted' : 'deleted' })),
      [
        { name: 'TOPIC', get: (row) => row.topic },
        { name: 'STATUS', get: (row) => row.status },
      ],
      flags,
    );
  }
}
