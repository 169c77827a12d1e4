import { Args, Flags } from '@oclif/core';
import { DeleteCommand, deleteFlags } from '../../delete-command.ts';
import { unknownTopic } from '../../errors/unknown-topic.ts';
import { requireMatches } from '../../topics/matching-topics.ts';

export class TopicsDelete extends DeleteCommand {
  static override summary = 'Delete topics with all their records';
  static override hiddenAliases = ['topic delete', 'topics rm', 'topic rm', 'delete topic', 'delete topics'];
  static override examples = [
    '<%= config.bin %> topics delete orders',
    'without a question: <%= config.bin %> topics delete orders payments -y',
    'look first: <%= config.bin %> topics delete orders --dry-run',
    'all that match: <%= config.bin %> topics delete -r "^test-"',
  ];
  static override strict = false;
  static override args = {
    topic: Args.string({ required: true, ignoreStdin: true, description: 'name of the topic; more may follow' }),
  };
  static override flags = {
    ...deleteFlags,
    regex: Flags.boolean({ char: 'r', description: 'topics are regular expressions; internal topics never match' }),
  };
  static override rowShape = { topic: 'string', status: "'deleted' | 'would be deleted'" };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(TopicsDelete);
    const asked = [...new Set(argv.map(String))];
    await this.delete(
      {
        kind: 'topic',
        loss: ' with all records',
        find: async ({ admin }, { place }) => {
          const listed = await admin.listTopics({ includeInternal: true });
          if (flags.regex) {
            const shown = listed.filter(({ isInternal }) => !isInternal);
            const found = requireMatches(shown, asked, place);
            this.say(`${found.length} of ${shown.length} topics match: ${found.join(' ')}`, flags);
            return found;
          }
          const known = listed.map(({ name }) => name);
          const missing = asked.find((topic) => !known.includes(topic));
          if (missing !== undefined) throw unknownTopic(missing, known, place);
          return asked;
        },
        remove: ({ admin }, names) => admin.deleteTopics(names),
      },
      flags,
    );
  }
}
