import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../processes/run-command.ts';

/** What runs on top of Kafka's client: each has its pom in compat/java, and its jars out of git. */
export type JavaProgram = 'streams' | 'connect';

const jars = (program: JavaProgram): string => fileURLToPath(new URL(`../../build/java-${program}`, import.meta.url));

/** Its class path. What it complains about goes to stderr. */
export const programClassPath = (program: JavaProgram): string => join(jars(program), '*');

/** Flags that make a JVM start quickly and stay small. */
export const smallJvm = [
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Xmx256M',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
];

/** Fetches its jars by Maven if they are not there. */
export async function fetchProgram(program: JavaProgram): Promise<void> {
  const folder = jars(program);
  if (existsSync(folder)) return;
  const fresh = `${folder}-${randomUUID()}`;
  try {
    await runCommand('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${fresh}`], {
      cwd: fileURLToPath(new URL(`../../java/${program}`, import.meta.url)),
      timeoutMs: 300_000,
    });
    // Another process may have fetched them meanwhile, and use them already.
    if (!existsSync(folder)) await rename(fresh, folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}
