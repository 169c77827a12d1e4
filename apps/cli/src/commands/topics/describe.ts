import { Args, Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { namingTopics } from '../../errors/unknown-topic.ts';

export class TopicsDescribe extends BaseCommand {
  static override summary = 'Show the partitions of topics, or their configs';
  static override hiddenAliases = ['topic describe', 'describe topic'];
  static override examples = [
    '<%= config.bin %> topics describe orders',
    '<%= config.bin %> topics describe orders --configs',
    '<%= config.bin %> topics describe orders -o json',
  ];
  static override strict = false;
  static override args = {
    topic: Args.string({ required: true, ignoreStdin: true, description: 'name of the topic; more may follow' }),
  };
  static override rowShape = {
    topic: 'string',
    partition: 'number',
    leaderId: 'number',
    leaderEpoch: 'number',
    replicas: 'number[]',
    isr: 'number[]',
    offlineReplicas: 'number[]',
    startOffset: 'number | null',
    endOffset: 'number | null',
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    configs: Flags.boolean({ description: 'the configs instead of the partitions' }),
  };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(TopicsDescribe);
    const settings = await this.settings(flags);
    await using client = await this.connect(settings);
    const names = argv.map(String);
    const topics = await namingTopics(client.admin, names, settings.place, () =>
      client.admin.describeTopics(names, { includeConfigs: flags.configs }),
    );
    if (flags.configs) {
      this.print(
        topics.flatMap((topic) => (topic.configs ?? []).map((config) => ({ topic: topic.name, ...config }))),
        [
          { name: 'TOPIC', get: (row) => row.topic },
          { name: 'CONFIG', get: (row) => row.name },
          { name: 'VALUE', get: (row) => row.value },
          { name: 'SOURCE', get: (row) => row.source },
          { name: 'TYPE', get: (row) => row.type, wide: true },
        ],
        flags,
      );
      return;
    }
    const ends = await client.admin.listOffsets(
      topics.flatMap((topic) =>
        topic.partitions.flatMap(({ partition }) =>
          (['beginning', 'end'] as const).map((at) => ({ topic: topic.name, partition, at })),
        ),
      ),
    );
    let next = 0;
    const rows = topics.flatMap((topic) =>
      topic.partitions.map((partition) => ({
        topic: topic.name,
        ...partition,
        startOffset: ends[next++]?.offset ?? null,
        endOffset: ends[next++]?.offset ?? null,
      })),
    );
    this.print(
      rows,
      [
        { name: 'TOPIC', get: (row) => row.topic },
        { name: 'PARTITION', get: (row) => row.partition, align: 'right' },
        { name: 'LEADER', get: (row) => row.leaderId, align: 'right' },
        { name: 'EPOCH', get: (row) => row.leaderEpoch, align: 'right', wide: true },
        { name: 'REPLICAS', get: (row) => row.replicas.join(',') },
        { name: 'ISR', get: (row) => row.isr.join(',') },
        { name: 'START', get: (row) => row.startOffset, align: 'right' },
        { name: 'END', get: (row) => row.endOffset, align: 'right' },
      ],
      flags,
    );
  }
}
