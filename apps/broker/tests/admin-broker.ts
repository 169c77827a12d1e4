import { createNodeClock } from '../src/adapters/node-clock.ts';
import { openSqliteMetadataStore } from '../src/adapters/sqlite-metadata-store.ts';
import type { StoreOperation } from '../src/ports/metadata-store.ts';
import type { BrokerServices } from '../src/handlers/broker-services.ts';
import { type MetadataNode, startMetadataNode } from './metadata-harness.ts';
import { seededRandom } from './virtual-clock.ts';

/** The parts of a broker that administrative handlers use, over an embedded store in memory. */
export interface AdminBroker {
  readonly node: MetadataNode;
  readonly services: Partial<BrokerServices>;
  /** Creates a topic with as many partitions; gives its id. */
  create(name: string, partitionCount?: number, configs?: Readonly<Record<string, string>>): Promise<string>;
  /** Writes the store directly and waits until it is in force. */
  write(...operations: readonly StoreOperation[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startAdminBroker(config: Readonly<Record<string, string>> = {}): Promise<AdminBroker> {
  const store = openSqliteMetadataStore({ path: ':memory:' });
  const clock = createNodeClock();
  const node = await startMetadataNode({ store, clock, random: seededRandom(1), config });
  const clusterId = node.loader.image().clusterId;
  return {
    node,
    services: {
      ...{ nodeId: 0, clusterId, config: node.config, clock, logger: node.log, metadata: node.loader },
      ...{ controller: node.admin, configs: node.configs, cluster: node.cluster },
    },
    create: async (name, partitionCount = 1, configs = {}) => {
      const spec = { name, partitionCount, replicationFactor: 1, assignments: [] };
      const given = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
      const [created] = await node.admin.createTopics([{ ...spec, configs: given }], {
        timeoutMs: 10_000,
        validateOnly: false,
      });
      if (created?.errorCode !== 0) throw new Error(`the topic was refused: ${created?.errorMessage}`);
      return created.topicId;
    },
    write: async (...operations) => {
      const result = await store.commit({ conditions: [], operations });
      if (result.status === 'ok') await node.loader.whenApplied(result.revision);
    },
    stop: async () => {
      await node.stop();
      await store.close();
    },
  };
}
