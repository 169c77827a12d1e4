import { kafkaVersion } from '../kafka/kafka-jars.ts';
import { type KafkaTool, kafkaTool } from '../kafka/kafka-tool.ts';
import type { Scenario } from './scenario.ts';

const client = `Java ${kafkaVersion}`;
const topic = 'golden-java';

/** One tool's run; `words` may say `@` for the broker's address. */
const tool = (name: KafkaTool, words: string, input = ''): Scenario => ({
  client,
  what: `${name} ${words}`,
  run: (bootstrap) =>
    kafkaTool(name, ['--bootstrap-server', bootstrap, ...words.split(' ').filter((word) => word !== '')], {
      input,
      timeoutMs: 19_000,
    }),
});
const group = (protocol: string): Scenario =>
  tool(
    'kafka-console-consumer',
    `--topic ${topic} --from-beginning --max-messages 2 --timeout-ms 15000 --group golden-java-${protocol} ` +
      `--command-property group.protocol=${protocol}`,
  );

/** What Kafka's own tools, and with them the Java client, can say. */
export const javaScenarios: readonly Scenario[] = [
  tool('kafka-topics', `--create --topic ${topic} --partitions 2 --config retention.ms=900000`),
  tool('kafka-topics', `--describe --topic ${topic}`),
  tool('kafka-topics', `--alter --topic ${topic} --partitions 3`),
  tool('kafka-configs', `--alter --entity-type topics --entity-name ${topic} --add-config retention.ms=800000`),
  tool('kafka-console-producer', `--topic ${topic} --property parse.key=true --property key.separator==`, 'a=1\nb=2\n'),
  group('classic'),
  group('consumer'),
  tool('kafka-consumer-groups', '--list'),
  tool('kafka-consumer-groups', '--describe --group golden-java-classic'),
  tool('kafka-consumer-groups', '--describe --group golden-java-consumer'),
  tool('kafka-consumer-groups', `--delete-offsets --group golden-java-classic --topic ${topic}`),
  tool('kafka-consumer-groups', '--delete --group golden-java-classic'),
  tool('kafka-get-offsets', `--topic ${topic} --time -3`),
  tool('kafka-log-dirs', `--describe --topic-list ${topic}`),
  tool('kafka-features', 'describe'),
  tool(
    'kafka-producer-perf-test',
    `--topic ${topic} --num-records 3 --record-size 10 --throughput -1 --transactional-id golden-java-t`,
  ),
  tool('kafka-transactions', 'list'),
  tool('kafka-transactions', 'describe --transactional-id golden-java-t'),
  tool('kafka-transactions', `describe-producers --topic ${topic} --partition 0`),
  {
    client,
    what: 'transactional copy',
    run: (bootstrap) =>
      kafkaTool('kafka-transactional-message-copier', [
        ...['--broker-list', bootstrap, '--input-topic', topic, '--input-partition', '0'],
        ...['--output-topic', topic, '--transactional-id', 'golden-java-copy', '--consumer-group', 'golden-java-copy'],
        ...['--max-messages', '1', '--transaction-size', '1'],
      ]),
  },
  tool('kafka-groups', '--list'),
  tool('kafka-console-share-consumer', `--topic ${topic} --group golden-java-share --max-messages 1 --timeout-ms 3000`),
  tool('kafka-topics', `--delete --topic ${topic}`),
];
