import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../processes/run-command.ts';
import { kafkaVersion } from './kafka-jars.ts';

const pom = fileURLToPath(new URL('../../java', import.meta.url));
const jars = fileURLToPath(new URL('../../build/java', import.meta.url));
const present = (): boolean => existsSync(jars) && readdirSync(jars).includes(`kafka-streams-${kafkaVersion}.jar`);

/** Java's class path of Kafka Streams, and of Connect with its file connectors. Their complaints go to stderr. */
export const programClassPath = join(jars, '*');

/** Flags that make a JVM start quickly and stay small. */
export const smallJvm = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Xmx256M',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
];

/** Fetches them by Maven if they are not there: compat/java/pom.xml, in the release of bench/kafka/pom.xml. */
export async function fetchPrograms(): Promise<void> {
  if (present()) return;
  const fresh = `${jars}-${randomUUID()}`;
  try {
    const version = `-Dkafka.version=${kafkaVersion}`;
    await runCommand('mvn', ['-q', '-B', 'dependency:copy-dependencies', version, `-DoutputDirectory=${fresh}`], {
      cwd: pom,
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
