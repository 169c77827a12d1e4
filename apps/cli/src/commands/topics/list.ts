import type { Admin, TopicListing } from '@ks/client';
import { Flags } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { describeAllTopics } from '../../cluster/describe-all-topics.ts';
import { matchingTopics } from '../../topics/matching-topics.ts';

export class TopicsList extends BaseCommand {
  static override summary = 'List topics';
  static override hiddenAliases = ['topic list', 'topics ls', 'topic ls', 'get topics'];
  static override examples = ['<%= config.bin %> topics list', '<%= config.bin %> topics list --internal -o json'];
  static override rowShape = {
    name: 'string',
    'topicId?': 'string',
    isInternal: 'boolean',
    partitionCount: 'number',
    replicationFactor: 'number',
  };
  static override flags = {
    ...globalFlags,
    ...tableFlags,
    internal: Flags.boolean({ description: 'also those that brokers keep for themselves' }),
    regex: Flags.string({ char: 'r', description: 'only topics whose name this regular expression finds' }),
    'under-replicated': Flags.boolean({ description: 'only topics with a replica that is not in sync' }),
    'no-leader': Flags.boolean({ description: 'only topics with a partition that has no leader' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(TopicsList);
    await using client = await this.connect(await this.settings(flags));
    const listed = await client.admin.listTopics({ includeInternal: flags.internal });
    const named = flags.regex === undefined ? listed : matchingTopics(listed, [flags.regex]);
    this.print(
      flags['under-replicated'] || flags['no-leader'] ? await ailing(client.admin, named, flags) : named,
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

/** Those topics to which one of the faults applies that are asked for. */
async function ailing(
  admin: Admin,
  topics: readonly TopicListing[],
  asked: { readonly 'under-replicated': boolean; readonly 'no-leader': boolean },
): Promise<readonly TopicListing[]> {
  const bad = (await describeAllTopics(admin)).filter(({ partitions }) =>
    partitions.some(
      ({ isr, replicas, leaderId }) =>
        (asked['under-replicated'] && isr.length < replicas.length) || (asked['no-leader'] && leaderId < 0),
    ),
  );
  const names = new Set(bad.map(({ name }) => name));
  return topics.filter(({ name }) => names.has(name));
}
