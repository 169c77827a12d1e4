import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type EmbeddedBroker, startEmbeddedBroker } from '@ks/broker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { type KafkaTool, kafkaTool, runKafkaTool } from '../src/kafka/kafka-tool.ts';
import { describeWith } from '../src/peers.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../src/temporary-directory.ts';

let broker: EmbeddedBroker;
let directory: TemporaryDirectory;

function run(tool: KafkaTool, ...args: readonly string[]): Promise<string> {
  return kafkaTool(tool, ['--bootstrap-server', broker.bootstrap, ...args]);
}

/** What a tool that does not get its way prints. */
async function fail(tool: KafkaTool, ...args: readonly string[]): Promise<string> {
  const all = ['--bootstrap-server', broker.bootstrap, ...args];
  const { out, complaints } = await runKafkaTool(tool, all, { mayFail: true });
  return `${out}${complaints}`;
}

const alter = (...args: readonly string[]) => run('kafka-configs', '--alter', ...args);
const show = (...args: readonly string[]) => run('kafka-configs', '--describe', ...args);

describeWith('Kafka')("Apache Kafka's tools administer ks", () => {
  beforeAll(async () => {
    await fetchKafka();
    directory = await temporaryDirectory();
    broker = await startEmbeddedBroker({ directory: join(directory.path, 'data') });
    await run('kafka-topics', '--create', '--topic', 't', '--partitions', '2', '--config', 'retention.ms=77777');
  }, 60_000);
  afterAll(async () => {
    await broker?.stop();
    await directory?.[Symbol.asyncDispose]();
  });

  test('kafka-topics describes and grows a topic', async () => {
    await run('kafka-topics', '--alter', '--topic', 't', '--partitions', '3');
    const told = await run('kafka-topics', '--describe', '--topic', 't');
    expect(told).toContain('PartitionCount: 3\tReplicationFactor: 1\tConfigs: retention.ms=77777');
    expect(told).toContain('Partition: 2\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: ');
  });

  test('kafka-configs changes topics, brokers and groups', async () => {
    const topic = ['--entity-type', 'topics', '--entity-name', 't'];
    await alter(
      ...topic,
      '--add-config',
      'max.message.bytes=2000,cleanup.policy=[compact,delete]',
      '--delete-config',
      'retention.ms',
    );
    const told = await show(...topic);
    expect(told).toContain('cleanup.policy=compact,delete sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:');
    expect(told).not.toContain('retention.ms');
    const all = ['--entity-type', 'brokers', '--entity-default'];
    await alter(...all, '--add-config', 'log.retention.ms=99999');
    expect(await show(...all)).toContain('log.retention.ms=99999');
    const group = ['--entity-type', 'groups', '--entity-name', 'g'];
    await alter(...group, '--add-config', 'consumer.session.timeout.ms=46000');
    expect(await show('--entity-type', 'groups')).toContain('consumer.session.timeout.ms=46000');
    const refused = await fail('kafka-configs', '--alter', ...topic, '--add-config', 'retention.ms=soon');
    expect(refused).toContain('InvalidConfigurationException');
  });

  test('kafka-client-metrics keeps subscriptions', async () => {
    await run('kafka-client-metrics', '--alter', '--name', 's', '--metrics', 'org.apache.', '--interval', '30000');
    expect(await run('kafka-client-metrics', '--describe', '--name', 's')).toContain('interval.ms=30000');
    expect(await run('kafka-client-metrics', '--list')).toContain('s');
  });

  test('kafka-get-offsets, kafka-log-dirs and kafka-leader-election see every partition', async () => {
    expect(await run('kafka-get-offsets', '--topic', 't', '--time', '-2')).toBe('t:0:0\nt:1:0\nt:2:0\n');
    const described = await run('kafka-log-dirs', '--describe', '--topic-list', 't');
    expect(described).toContain('"partition":"t-0","size":0,"offsetLag":0,"isFuture":false');
    const elected = await run(
      'kafka-leader-election',
      '--election-type',
      'preferred',
      '--topic',
      't',
      '--partition',
      '0',
    );
    expect(elected).toContain('Valid replica already elected for partitions t-0');
  });

  test('kafka-reassign-partitions leaves partitions where they are', async () => {
    const plan = join(directory.path, 'plan.json');
    const partitions = [{ topic: 't', partition: 0, replicas: [1], log_dirs: ['any'] }];
    await writeFile(plan, JSON.stringify({ version: 1, partitions }));
    const how = ['--reassignment-json-file', plan];
    await run('kafka-reassign-partitions', '--execute', '--throttle', '1000', ...how);
    expect(await run('kafka-reassign-partitions', '--verify', ...how)).toContain('t-0 is completed');
    expect(await run('kafka-reassign-partitions', '--list')).toContain('No partition reassignments found.');
  });

  test('kafka-features tells and changes levels', async () => {
    const described = await run('kafka-features', 'describe');
    expect(described).toMatch(
      /group\.version\s+SupportedMinVersion: 0\s+SupportedMaxVersion: 1\s+FinalizedVersionLevel: 1/,
    );
    await run('kafka-features', 'downgrade', '--feature', 'group.version=0');
    expect(await run('kafka-features', 'upgrade', '--feature', 'group.version=1')).toContain('upgraded to 1');
  });

  test('kafka-acls is told that there is no authorizer', async () => {
    expect(await fail('kafka-acls', '--list')).toContain('SecurityDisabledException');
  });
});
