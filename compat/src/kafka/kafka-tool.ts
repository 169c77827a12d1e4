import { type CommandOptions, type Finished, runCommand } from '../processes/run-command.ts';
import { kafkaClassPath } from './kafka-jars.ts';

/** Flags that make a short-lived JVM start quickly. */
const quickStart = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xmx256M'];

/** Runs a main class, or a `.java` file, of Apache Kafka's class path to its end. */
export function java(main: string, args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  return runCommand('java', [...quickStart, '-cp', kafkaClassPath, main, ...args], options);
}

/** Kafka's command line tools by the names of their scripts. */
const tools = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-configs': 'org.apache.kafka.tools.ConfigCommand',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-console-share-consumer': 'org.apache.kafka.tools.consumer.ConsoleShareConsumer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-groups': 'org.apache.kafka.tools.GroupsCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-client-metrics': 'org.apache.kafka.tools.ClientMetricsCommand',
  'kafka-acls': 'org.apache.kafka.tools.AclCommand',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'kafka-e2e-latency': 'org.apache.kafka.tools.EndToEndLatency',
  'kafka-streams-application-reset': 'org.apache.kafka.tools.StreamsResetter',
  'kafka-dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'kafka-transactional-message-copier': 'org.apache.kafka.tools.TransactionalMessageCopier',
} as const;

export type KafkaTool = keyof typeof tools;

/** Runs one of Kafka's tools to its end. */
export function runKafkaTool(
  tool: KafkaTool,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Finished> {
  return java(tools[tool], args, options);
}

/** Runs one of Kafka's tools and gives what it printed; rejects when it fails. */
export async function kafkaTool(
  tool: KafkaTool,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return (await runKafkaTool(tool, args, options)).out.toString();
}
