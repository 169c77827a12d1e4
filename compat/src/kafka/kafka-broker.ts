import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstAnswer } from '../processes/first-answer.ts';
import { freePort } from '../processes/free-port.ts';
import { kafkaClassPath } from './kafka-jars.ts';
import { java } from './kafka-tool.ts';

/** An Apache Kafka broker, with a controller in the same process. */
export interface KafkaBroker extends AsyncDisposable {
  readonly port: number;
  readonly bootstrap: string;
  /** Of the listeners that were asked for besides, by name. */
  readonly ports: Readonly<Record<string, number>>;
  /** Where its partitions lie. */
  readonly logDirectory: string;
  stop(): Promise<void>;
}

/** What most tests do without. */
export interface KafkaExtras {
  /** Listeners besides the plain one: the security protocol of each, by name. */
  readonly protocols?: Readonly<Record<string, string>>;
  /** A directory of compiled classes that the broker loads besides its own. */
  readonly classes?: string;
}

/** Starts Apache Kafka over an empty `directory`; `properties` go over its defaults. Resolves when it serves. */
export async function startKafka(
  directory: string,
  properties: Readonly<Record<string, string>> = {},
  { protocols = {}, classes }: KafkaExtras = {},
): Promise<KafkaBroker> {
  const [port, controllerPort] = [await freePort(), await freePort()];
  const ports = Object.fromEntries(
    await Promise.all(Object.keys(protocols).map(async (name) => [name, await freePort()] as const)),
  );
  const more = Object.entries(ports).map(([name, one]) => `,${name}://127.0.0.1:${one}`);
  const protocolMap = Object.entries({ PLAINTEXT: 'PLAINTEXT', CONTROLLER: 'PLAINTEXT', ...protocols });
  const logDirectory = join(directory, 'data');
  const config = join(directory, 'server.properties');
  await mkdir(directory, { recursive: true });
  const all = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}${more.join('')}`,
    'listener.security.protocol.map': protocolMap.map((pair) => pair.join(':')).join(','),
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': logDirectory,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'transaction.state.log.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'share.coordinator.state.topic.num.partitions': '4',
    'group.initial.rebalance.delay.ms': '0',
    ...properties,
  };
  await writeFile(
    config,
    Object.entries(all)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  // The zero byte keeps the id from starting with a dash, which the tool would take for a flag.
  const clusterId = Buffer.from(`00${randomUUID().replaceAll('-', '').slice(2)}`, 'hex').toString('base64url');
  await java('kafka.tools.StorageTool', ['format', '-t', clusterId, '-c', config]);
  const classPath = classes === undefined ? kafkaClassPath : `${classes}:${kafkaClassPath}`;
  const child = spawn('java', ['-Xmx512M', '-cp', classPath, 'kafka.Kafka', config], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk.toString()).slice(-4000);
    });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const forced = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(forced);
  };
  const bootstrap = `127.0.0.1:${port}`;
  try {
    await firstAnswer(port, () => (child.exitCode === null ? undefined : complaints));
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, bootstrap, ports, logDirectory, stop, [Symbol.asyncDispose]: stop };
}
