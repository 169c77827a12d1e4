import { type EmbeddedBroker, startEmbeddedBroker } from '@ks/broker';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { type KafkaTool, kafkaTool, runKafkaTool } from '../src/kafka/kafka-tool.ts';
import { describeWith } from '../src/peers.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

// Apache Kafka's own command line tools, and with them the Java client, over ks.

describeWith('Kafka')('Kafka’s tools', { timeout: 240_000 }, () => {
  let broker: EmbeddedBroker;
  const undo = new AsyncDisposableStack();

  beforeAll(async () => {
    await fetchKafka();
    const directory = undo.use(await temporaryDirectory());
    broker = undo.use(
      await startEmbeddedBroker({
        directory: directory.path,
        config: {
          'group.initial.rebalance.delay.ms': '0',
          'group.consumer.min.heartbeat.interval.ms': '200',
          'group.consumer.heartbeat.interval.ms': '200',
        },
      }),
    );
  });
  afterAll(() => undo.disposeAsync());

  const tool = (name: KafkaTool, words: string, input = ''): Promise<string> =>
    kafkaTool(name, ['--bootstrap-server', broker.bootstrap, ...words.split(' ')], { input });

  it('kafka-topics and kafka-configs', async () => {
    await tool('kafka-topics', '--create --topic t --partitions 2 --config retention.ms=900000');
    expect(await tool('kafka-topics', '--list')).toContain('t\n');
    const described = await tool('kafka-topics', '--describe --topic t');
    expect(described).toMatch(/PartitionCount: 2\s+ReplicationFactor: 1\s+Configs: .*retention\.ms=900000/);
    expect(described).toMatch(/Partition: 1\s+Leader: 1\s+Replicas: 1\s+Isr: 1/);
    await tool('kafka-topics', '--alter --topic t --partitions 3');
    expect(await tool('kafka-topics', '--describe --topic t')).toContain('PartitionCount: 3');
    await tool(
      'kafka-configs',
      '--alter --entity-type topics --entity-name t --add-config retention.ms=1000,max.message.bytes=2000000',
    );
    expect(await tool('kafka-configs', '--describe --entity-type topics --entity-name t')).toMatch(
      /retention\.ms=1000 .*DYNAMIC_TOPIC_CONFIG:retention\.ms=1000/,
    );
    await tool('kafka-configs', '--alter --entity-type topics --entity-name t --delete-config retention.ms');
    expect(await tool('kafka-configs', '--describe --entity-type topics --entity-name t')).not.toContain(
      'retention.ms=1000',
    );
    await tool('kafka-configs', '--alter --entity-type brokers --entity-name 1 --add-config log.retention.ms=123456');
    expect(await tool('kafka-configs', '--describe --entity-type brokers --entity-name 1')).toContain(
      'log.retention.ms=123456',
    );
    const again = await runKafkaTool(
      'kafka-topics',
      ['--bootstrap-server', broker.bootstrap, '--create', '--topic', 't'],
      { mayFail: true },
    );
    expect(again.code).toBe(1);
    expect(`${again.out}${again.complaints}`).toMatch(/\bt\b.*exists/);
    await tool('kafka-topics', '--create --topic gone');
    await tool('kafka-topics', '--delete --topic gone');
    expect(await tool('kafka-topics', '--list')).not.toContain('gone');
  });

  it('kafka-console-producer with every codec, kafka-console-consumer', async () => {
    const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
    const linesOf = (codec: string) => Array.from({ length: 200 }, (_, index) => `k${index % 3}=${codec} ${index}`);
    const keyed = '--reader-property parse.key=true --reader-property key.separator==';
    await tool('kafka-topics', '--create --topic console');
    await Promise.all(
      codecs.map((codec) =>
        tool(
          'kafka-console-producer',
          `--topic console --compression-codec ${codec} ${keyed}`,
          `${linesOf(codec).join('\n')}\n`,
        ),
      ),
    );
    const out = await tool(
      'kafka-console-consumer',
      '--topic console --from-beginning --max-messages 1000 --timeout-ms 20000 --formatter-property print.key=true --formatter-property key.separator==',
    );
    expect(out.trim().split('\n').sort()).toEqual(codecs.flatMap(linesOf).sort());
  });

  it.each(['classic', 'consumer'])(
    'a group of the %s protocol, kafka-consumer-groups and kafka-groups',
    async (protocol) => {
      const group = `group-${protocol}`;
      const topic = `topic-${protocol}`;
      await tool('kafka-topics', `--create --topic ${topic} --partitions 2`);
      await tool('kafka-console-producer', `--topic ${topic}`, 'a\nb\nc\nd\n');
      const read = (count: number): Promise<string> =>
        tool(
          'kafka-console-consumer',
          `--topic ${topic} --group ${group} --from-beginning --max-messages ${count} --timeout-ms 20000 --command-property group.protocol=${protocol}`,
        );
      expect((await read(4)).trim().split('\n').sort()).toEqual(['a', 'b', 'c', 'd']);
      await tool('kafka-console-producer', `--topic ${topic}`, 'e\n');
      expect(await read(1)).toBe('e\n');
      expect(await tool('kafka-consumer-groups', '--list')).toContain(group);
      expect(await tool('kafka-groups', '--list')).toMatch(
        new RegExp(`${group}\\s+${protocol === 'consumer' ? 'Consumer' : 'Classic'}\\s+consumer`),
      );
      const offsets = (await tool('kafka-consumer-groups', `--describe --group ${group}`))
        .split('\n')
        .filter((line) => line.startsWith(group));
      const columns = offsets.map((line) => line.split(/\s+/));
      expect(columns.reduce((sum, [, , , current]) => sum + Number(current), 0)).toBe(5);
      expect(columns.every((line) => line[5] === '0')).toBe(true);
      await tool('kafka-consumer-groups', `--reset-offsets --to-earliest --execute --group ${group} --topic ${topic}`);
      expect((await read(5)).trim().split('\n').sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
      await tool('kafka-consumer-groups', `--delete --group ${group}`);
      expect(await tool('kafka-consumer-groups', '--list')).not.toContain(group);
    },
  );

  it('kafka-producer-perf-test, kafka-consumer-perf-test, kafka-get-offsets, kafka-delete-records, kafka-log-dirs', async () => {
    await tool('kafka-topics', '--create --topic perf');
    expect(
      await tool('kafka-producer-perf-test', '--topic perf --num-records 20000 --record-size 500 --throughput -1'),
    ).toContain('20000 records sent');
    expect(await tool('kafka-get-offsets', '--topic perf')).toBe('perf:0:20000\n');
    expect(await tool('kafka-get-offsets', '--topic perf --time -2')).toBe('perf:0:0\n');
    expect(await tool('kafka-consumer-perf-test', '--topic perf --num-records 20000 --timeout 20000')).toMatch(
      / 20000, /,
    );
    await using directory = await temporaryDirectory();
    const file = `${directory.path}/offsets.json`;
    await writeFile(file, JSON.stringify({ version: 1, partitions: [{ topic: 'perf', partition: 0, offset: 500 }] }));
    expect(await tool('kafka-delete-records', `--offset-json-file ${file}`)).toMatch(/perf-0\s+low_watermark: 500/);
    expect(await tool('kafka-get-offsets', '--topic perf --time earliest')).toBe('perf:0:500\n');
    const dirs = await tool('kafka-log-dirs', '--describe --topic-list perf');
    expect(dirs).toMatch(/"partition":"perf-0","size":1\d{7}/);
  });

  it('kafka-broker-api-versions, kafka-cluster, kafka-features', async () => {
    const versions = await kafkaTool('kafka-broker-api-versions', ['--bootstrap-server', broker.bootstrap]);
    expect(versions).toMatch(/Produce\(0\): 0 to 13 \[usable: 13\]/);
    expect(await kafkaTool('kafka-cluster', ['cluster-id', '--bootstrap-server', broker.bootstrap])).toMatch(
      /Cluster ID: \S{22}/,
    );
    expect(await kafkaTool('kafka-features', ['--bootstrap-server', broker.bootstrap, 'describe'])).toMatch(
      /Feature: group\.version.*FinalizedVersionLevel: 1/,
    );
  });
});
