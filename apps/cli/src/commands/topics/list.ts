import { Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';

export class TopicsList extends BaseCommand {
  static override summary = 'List topics';
  static override hiddenAliases = ['topic list', 'topics ls', 'topic ls', 'get topics'];
  static override examples = ['<%= config.bin %> topics list', '<%= config.bin %> topics list --internal -o json'];
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    internal: Flags.boolean({ description: 'also those that brokers keep for themselves' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TopicsList);
    await using client = await this.connect(await this.settings(flags));
    this.print(
      await client.admin.listTopics({ includeInternal: flags.internal }),
      [
        { name: 'NAME', get: (row) => row.name },
        { name: 'PARTITIONS', get: (row) => row.partitionCount, align: 'right' },
        { name: 'REPLICAS', get: (row) => row.replicationFactor, align: 'right' },
        { name: 'ID', get: (row) => row.topicId ?? null, wide: true },
        { name: 'INTERNAL', get: (row) => row.isInternal, wide: true },
      ],
      flags,
    );
  }
}
