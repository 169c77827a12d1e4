import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../processes/run-command.ts';

/** bench fetches the same jars into the same place. */
const folder = fileURLToPath(new URL('../../../bench/kafka', import.meta.url));
const jars = join(folder, 'build');

/** The release that bench/kafka/pom.xml names. */
export const kafkaVersion = /<kafka\.version>([^<]+)</.exec(readFileSync(join(folder, 'pom.xml'), 'utf8'))?.[1] ?? '?';

/** Java's class path of Apache Kafka, its clients and its tools. */
export const kafkaClassPath = join(jars, '*');

const answers = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;
const present = (): boolean => existsSync(jars) && readdirSync(jars).includes(`kafka_2.13-${kafkaVersion}.jar`);

/** Whether Apache Kafka's tools can be had here: Java, and the jars or Maven to fetch them. */
export const canRunKafka = answers('java', '-version') && (present() || answers('mvn', '-version'));

/** Fetches the jars by Maven if they are not there. */
export async function fetchKafka(): Promise<void> {
  if (present()) return;
  const fresh = `${jars}-${randomUUID()}`;
  try {
    await runCommand('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${fresh}`], {
      cwd: folder,
      timeoutMs: 300_000,
    });
    // Another process may have fetched them meanwhile, and use them already.
    if (present()) return;
    await rm(jars, { recursive: true, force: true });
    await rename(fresh, jars);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
