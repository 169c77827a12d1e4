import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPinoLogger, startLocalCluster } from '@ks/broker';
import { connect } from '@ks/client';
import { expect } from 'vitest';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { kafkaTool } from '../src/kafka/kafka-tool.ts';
import { testWith } from '../src/peers.ts';

const TOPIC = 'orders';
const RECORDS = 200;
const VALUE = new Uint8Array(10_000).fill(7);

testWith('Kafka')(
  'kafka-reassign-partitions moves at the rate it is given, faster when that is raised, and takes the throttle away',
  { timeout: 300_000 },
  async () => {
    await fetchKafka();
    const directory = await mkdtemp(join(tmpdir(), 'ks-throttle-'));
    const logger = createPinoLogger({ level: 'silent' });
    const cluster = await startLocalCluster({ brokerCount: 3, host: '127.0.0.1', port: 0, logger });
    const bootstrap = cluster.brokers.map(({ port }) => `127.0.0.1:${port}`).join(',');
    try {
      await using client = await connect({ brokers: bootstrap });
      await client.admin.createTopic(TOPIC, { partitions: 1, replicationFactor: 1 });
      await using producer = client.producer({ batchBytes: 20_000 });
      await producer.sendBatch(
        TOPIC,
        Array.from({ length: RECORDS }, () => ({ value: VALUE })),
      );
      const [topic] = await client.admin.describeTopics([TOPIC]);
      const [from = 1] = topic?.partitions[0]?.replicas ?? [];
      const [to = 2] = [1, 2, 3].filter((id) => id !== from);
      const plan = join(directory, 'plan.json');
      await writeFile(
        plan,
        JSON.stringify({ version: 1, partitions: [{ topic: TOPIC, partition: 0, replicas: [to] }] }),
      );
      const move = (...words: readonly string[]) =>
        kafkaTool('kafka-reassign-partitions', [
          '--bootstrap-server',
          bootstrap,
          '--reassignment-json-file',
          plan,
          ...words,
        ]);
      const throttled = async (): Promise<readonly string[]> => {
        const resources = [
          { type: 'topic' as const, name: TOPIC },
          ...[1, 2, 3].map((id) => ({ type: 'broker' as const, name: String(id) })),
        ];
        const described = await client.admin.describeConfigs(resources);
        return described.flatMap(({ entries }) =>
          entries
            .filter(({ name, value }) => name.includes('replication.throttled') && value !== '')
            .map(({ name }) => name),
        );
      };
      expect(await move('--execute', '--throttle', '1000')).toContain('Successfully started');
      expect(await throttled()).toContain('leader.replication.throttled.replicas');
      // At this rate the move takes half an hour; the tool itself takes some seconds.
      expect(await move('--verify', '--preserve-throttles')).toContain('still in progress');
      expect(await client.admin.listPartitionReassignments()).toMatchObject([{ addingReplicas: [to] }]);
      expect(await move('--execute', '--additional', '--throttle', '1000000000')).toContain('Successfully started');
      while ((await client.admin.listPartitionReassignments()).length > 0)
        await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await move('--verify')).toMatch(/is complete[\s\S]*Clearing/);
      expect(await throttled()).toEqual([]);
      const [moved] = await client.admin.describeTopics([TOPIC]);
      expect(moved?.partitions[0]).toMatchObject({ replicas: [to], isr: [to] });
      expect(await client.admin.listOffsets([{ topic: TOPIC, partition: 0, at: 'end' }])).toMatchObject([
        { offset: RECORDS },
      ]);
    } finally {
      await cluster.stop();
      await rm(directory, { recursive: true, force: true });
    }
  },
);
