import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { programClassPath, smallJvm } from '../kafka/program-jars.ts';

/** Settings of a worker or a connector, by Kafka Connect's names. */
export type Settings = Readonly<Record<string, string>>;

/** A Kafka Connect worker in a process of its own. */
export interface ConnectWorker {
  /** What it complained about last. */
  printed(): string;
  readonly hasEnded: boolean;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const asProperties = (settings: Settings): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

/** Copies the lines of a file into a topic. */
export const fileSource = (file: string, topic: string): Settings => ({
  'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector',
  'tasks.max': '1',
  file,
  topic,
});

/** Copies the values of a topic into a file. */
export const fileSink = (file: string, topic: string): Settings => ({
  'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
  'tasks.max': '1',
  file,
  topics: topic,
});

/**
 * Starts a worker; its files go into `directory`. With `connectors` it stands alone and runs them, without it keeps what it knows in
 * topics, and takes connectors over HTTP.
 */
export async function startWorker(
  directory: string,
  settings: Settings,
  connectors?: Readonly<Record<string, Settings>>,
): Promise<ConnectWorker> {
  const write = async (name: string, content: Settings): Promise<string> => {
    const file = join(directory, `${name}.properties`);
    await writeFile(file, asProperties(content));
    return file;
  };
  const files = [await write('worker', settings)];
  for (const [name, connector] of Object.entries(connectors ?? {}))
    files.push(await write(name, { name, ...connector }));
  const main = `org.apache.kafka.connect.cli.${connectors ? 'ConnectStandalone' : 'ConnectDistributed'}`;
  const child = spawn('java', [...smallJvm, '-cp', programClassPath('connect'), main, ...files], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let hasEnded = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-10_000);
    });
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      hasEnded = true;
      resolve();
    }),
  );
  return {
    printed: () => printed,
    get hasEnded() {
      return hasEnded;
    },
    async end(signal) {
      child.kill(signal);
      const forced = setTimeout(() => child.kill('SIGKILL'), 30_000);
      await ended;
      clearTimeout(forced);
    },
  };
}

/** Gives a connector to a worker that listens on `port`, again and again until it takes it. */
export async function giveConnector(
  worker: ConnectWorker,
  port: number,
  name: string,
  config: Settings,
): Promise<void> {
  await comes(worker, `connector ${name}`, async () => {
    const response = await fetch(`http://127.0.0.1:${port}/connectors/${name}/config`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(config),
    }).catch(() => undefined);
    await response?.arrayBuffer();
    return response?.ok === true;
  });
}

/** Waits until `holds()`, a minute at most, and no longer than the worker lives. */
export async function comes(worker: ConnectWorker, what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (worker.hasEnded || performance.now() > deadline)
      throw new Error(`${what} did not come; the worker ${worker.hasEnded ? 'ended' : 'runs'}:\n${worker.printed()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
