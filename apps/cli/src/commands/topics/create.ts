import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { parsePairs } from '../../input/parse-pairs.ts';

export class TopicsCreate extends BaseCommand {
  static override summary = 'Create topics';
  static override hiddenAliases = ['topic create', 'create topic'];
  static override examples = [
    '<%= config.bin %> topics create orders -p 6',
    '<%= config.bin %> topics create users -p 3 -c cleanup.policy=compact',
  ];
  static override strict = false;
  static override args = {
    topic: Args.string({ required: true, ignoreStdin: true, description: 'name of the topic; more may follow' }),
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    partitions: Flags.integer({
      char: 'p',
      min: 1,
      description: 'number of partitions; default: what the broker has in num.partitions',
    }),
    replicas: Flags.integer({
      char: 'r',
      min: 1,
      description: 'replication factor; default: what the broker has in default.replication.factor',
    }),
    config: Flags.string({
      char: 'c',
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      description: 'a topic config, key=value',
    }),
    'if-not-exists': Flags.boolean({ description: 'a topic that exists is no error' }),
    'dry-run': Flags.boolean({ description: 'only check whether it could be done' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(TopicsCreate);
    const configs = parsePairs(flags.config);
    await using client = await this.connect(flags);
    const results = [];
    for (const topic of argv.map(String)) {
      try {
        const created = await client.admin.createTopic(topic, {
          partitions: flags.partitions,
          replicationFactor: flags.replicas,
          configs,
          validateOnly: flags['dry-run'],
        });
        results.push({
          topic,
          status: flags['dry-run'] ? 'would be created' : 'created',
          partitions: created?.partitions ?? null,
          replicas: created?.replicationFactor ?? null,
        });
      } catch (error) {
        const exists = error instanceof Error && error.name === 'TOPIC_ALREADY_EXISTS';
        if (!exists || !flags['if-not-exists']) throw error;
        results.push({ topic, status: 'exists', partitions: null, replicas: null });
      }
    }
    this.print(
      results,
      [
        { name: 'TOPIC', get: (row) => row.topic },
        { name: 'STATUS', get: (row) => row.status },
        { name: 'PARTITIONS', get: (row) => row.partitions, align: 'right', wide: true },
        { name: 'REPLICAS', get: (row) => row.replicas, align: 'right', wide: true },
      ],
      flags,
    );
  }
}
