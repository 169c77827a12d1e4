import process from 'node:process';
import { createInterface } from 'node:readline/promises';
import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { CliError } from '../../errors/cli-error.ts';
import { ExitCode } from '../../errors/exit-codes.ts';
import { suggestion } from '../../errors/suggestion.ts';

async function confirmed(topics: readonly string[]): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new CliError('deleting topics needs a yes, and there is no terminal to ask on', {
      exitCode: ExitCode.USAGE,
      hint: 'add -y',
    });
  }
  using questions = createInterface({ input: process.stdin, output: process.stderr });
  return /^y(es)?$/i.test(await questions.question(`delete ${topics.join(', ')} with all records? [y/N] `));
}

export class TopicsDelete extends BaseCommand {
  static override summary = 'Delete topics with all their records';
  static override hiddenAliases = ['topic delete', 'topics rm', 'delete topic'];
  static override examples = [
    '<%= config.bin %> topics delete orders',
    '<%= config.bin %> topics delete orders payments -y',
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
    const topics = argv.map(String);
    await using client = await this.connect(flags);
    const known = (await client.admin.listTopics({ includeInternal: true })).map((topic) => topic.name);
    for (const topic of topics) {
      if (known.includes(topic)) continue;
      const meant = suggestion(topic, known);
      throw new CliError(`topic ${JSON.stringify(topic)} not found on ${flags.brokers}`, {
        exitCode: ExitCode.NOT_FOUND,
        code: 'UNKNOWN_TOPIC_OR_PARTITION',
        hint: `ks topics list${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`}`,
      });
    }
    if (!flags['dry-run'] && !flags.yes && !(await confirmed(topics))) throw new CliError('nothing was deleted');
    if (!flags['dry-run']) await client.admin.deleteTopics(topics);
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
