import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../measure/free-port.ts';
import { startCluster } from './start-cluster.ts';
import type { BrokerPeer, RunningBroker } from './broker-peer.ts';
import { spawnBroker } from './spawn-broker.ts';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('../../kafka', import.meta.url));
/** Where the jars lie: out of git, made once. */
const jars = join(folder, 'build');

async function answers(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, [...args]).then(
    () => true,
    () => false,
  );
}

/** The release that pom.xml names. */
export function kafkaVersion(): string {
  return /<kafka\.version>([^<]+)</.exec(readFileSync(join(folder, 'pom.xml'), 'utf8'))?.[1] ?? 'unknown';
}

/** Java's class path of Apache Kafka and its tools. */
export const kafkaClassPath = join(jars, '*');

/** Fetches the jars by Maven if they are not there; says in one line why they cannot be had. */
export async function missingKafka(): Promise<string | undefined> {
  if (!(await answers('java', ['-version']))) return 'Apache Kafka needs java (17 or newer) on PATH';
  if (existsSync(jars) && readdirSync(jars).includes(`kafka_2.13-${kafkaVersion()}.jar`)) return undefined;
  if (!(await answers('mvn', ['-version']))) return 'Apache Kafka is fetched by mvn, which is not on PATH';
  const fresh = `${jars}-${randomUUID()}`;
  try {
    await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${fresh}`], { cwd: folder });
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    return `mvn could not fetch Apache Kafka ${kafkaVersion()}: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
  }
  await rm(jars, { recursive: true, force: true });
  await rename(fresh, jars);
  return undefined;
}

/** Where a node of a KRaft cluster listens. */
interface KafkaNode {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
}

async function kafkaNodes(count: number): Promise<readonly KafkaNode[]> {
  const nodes: KafkaNode[] = [];
  for (let id = 1; id <= count; id++) nodes.push({ id, port: await freePort(), controllerPort: await freePort() });
  return nodes;
}

/** A broker and controller in one process, with Kafka's own defaults and heap (1 GB, as its start script sets). */
async function startNode(
  node: KafkaNode,
  all: readonly KafkaNode[],
  clusterId: string,
  directory: string,
): Promise<RunningBroker> {
  await mkdir(directory, { recursive: true });
  const config = join(directory, 'server.properties');
  const replicas = Math.min(3, all.length);
  writeFileSync(
    config,
    [
      'process.roles=broker,controller',
      `node.id=${node.id}`,
      `controller.quorum.voters=${all.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(',')}`,
      `listeners=PLAINTEXT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
      'controller.listener.names=CONTROLLER',
      `log.dirs=${join(directory, 'data')}`,
      `offsets.topic.replication.factor=${replicas}`,
      `transaction.state.log.replication.factor=${replicas}`,
      `transaction.state.log.min.isr=${Math.min(2, replicas)}`,
      `min.insync.replicas=${Math.min(2, replicas)}`,
      'group.initial.rebalance.delay.ms=0',
    ].join('\n'),
  );
  if (!existsSync(join(directory, 'data')))
    await run('java', ['-cp', kafkaClassPath, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', config]);
  const flags = ['-Xmx1G', '-Xms1G', '-XX:+UseG1GC', '-cp', kafkaClassPath];
  return spawnBroker('java', [...flags, 'kafka.Kafka', config], node.port, { cwd: directory });
}

/** 16 bytes: a first byte of zero keeps the text from beginning with a dash, which the tool takes for a flag. */
const newClusterId = (): string =>
  Buffer.from(`00${randomUUID().replaceAll('-', '').slice(2)}`, 'hex').toString('base64url');

/** One KRaft node. */
export const kafka: BrokerPeer = {
  name: 'kafka',
  version: () => `Apache Kafka ${kafkaVersion()}`,
  missing: missingKafka,
  async start(directory) {
    const nodes = await kafkaNodes(1);
    const [node] = nodes;
    if (node === undefined) throw new Error('no node');
    return startNode(node, nodes, newClusterId(), directory);
  },
};

/** Three KRaft nodes, each broker and controller, every record on all of them. */
export const kafkaCluster: BrokerPeer = {
  name: 'kafka',
  version: () => `three nodes of Apache Kafka ${kafkaVersion()}`,
  missing: missingKafka,
  async start(directory) {
    const nodes = await kafkaNodes(3);
    const clusterId = newClusterId();
    return startCluster(nodes.map((node) => startNode(node, nodes, clusterId, join(directory, `node-${node.id}`))));
  },
};
