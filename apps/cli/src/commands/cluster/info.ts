import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { describeAllTopics } from '../../cluster/describe-all-topics.ts';

export class ClusterInfo extends BaseCommand {
  static override summary = 'Show the id of a cluster, its controller, and how much it holds';
  static override examples = ['<%= config.bin %> cluster info', '<%= config.bin %> cluster info -o json'];
  static override rowShape = {
    clusterId: 'string | null',
    controllerId: 'number, -1 while there is none',
    brokers: 'number',
    topics: 'number, without internal ones',
    partitions: 'number, of those topics',
  };
  static override flags = { ...globalFlags, ...tableFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(ClusterInfo);
    await using client = await this.connect(await this.settings(flags));
    const [cluster, all] = await Promise.all([client.admin.describeCluster(), describeAllTopics(client.admin)]);
    const topics = all.filter(({ isInternal }) => !isInternal);
    const row = {
      clusterId: cluster.clusterId,
      controllerId: cluster.controllerId,
      brokers: cluster.brokers.length,
      topics: topics.length,
      partitions: topics.reduce((sum, { partitionCount }) => sum + partitionCount, 0),
    };
    this.print(
      [row],
      [
        { name: 'CLUSTER', get: ({ clusterId }) => clusterId },
        { name: 'CONTROLLER', get: ({ controllerId }) => (controllerId < 0 ? null : controllerId), align: 'right' },
        { name: 'BROKERS', get: ({ brokers }) => brokers, align: 'right' },
        { name: 'TOPICS', get: (one) => one.topics, align: 'right' },
        { name: 'PARTITIONS', get: ({ partitions }) => partitions, align: 'right' },
      ],
      flags,
    );
  }
}
