import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { describeAllTopics } from '../../cluster/describe-all-topics.ts';

export class BrokersList extends BaseCommand {
  static override summary = 'List the brokers of a cluster, and how many partitions each leads and has';
  static override hiddenAliases = ['broker list', 'brokers ls', 'get brokers'];
  static override examples = ['<%= config.bin %> brokers list', '<%= config.bin %> brokers list -o json'];
  static override rowShape = {
    nodeId: 'number',
    host: 'string',
    port: 'number',
    rack: 'string | null',
    isController: 'boolean',
    leads: 'number, partitions',
    replicas: 'number, partitions',
    inSync: 'number, partitions',
  };
  static override flags = { ...globalFlags, ...tableFlags };

  async run(): Promise<void> {
    const { flags } = await this.parse(BrokersList);
    await using client = await this.connect(await this.settings(flags));
    const [cluster, topics] = await Promise.all([client.admin.describeCluster(), describeAllTopics(client.admin)]);
    const partitions = topics.flatMap((topic) => topic.partitions);
    const rows = cluster.brokers
      .toSorted((a, b) => a.nodeId - b.nodeId)
      .map(({ nodeId, host, port, rack }) => ({
        ...{ nodeId, host, port, rack },
        isController: nodeId === cluster.controllerId,
        leads: partitions.filter(({ leaderId }) => leaderId === nodeId).length,
        replicas: partitions.filter(({ replicas }) => replicas.includes(nodeId)).length,
        inSync: partitions.filter(({ isr }) => isr.includes(nodeId)).length,
      }));
    this.print(
      rows,
      [
        { name: 'BROKER', get: (row) => row.nodeId, align: 'right' },
        { name: 'ADDRESS', get: (row) => `${row.host}:${row.port}` },
        { name: 'RACK', get: (row) => row.rack },
        { name: 'CONTROLLER', get: (row) => (row.isController ? '*' : '') },
        { name: 'LEADS', get: (row) => row.leads, align: 'right' },
        { name: 'REPLICAS', get: (row) => row.replicas, align: 'right' },
        { name: 'IN-SYNC', get: (row) => row.inSync, align: 'right', wide: true },
      ],
      flags,
    );
  }
}
