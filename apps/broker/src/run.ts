import { createPinoLogger, type LogLevel } from './adapters/pino-logger.ts';
import { createNodeFiles } from './adapters/node-files.ts';
import { limitYoungGeneration } from './adapters/young-generation.ts';
import { type Broker, createBroker } from './broker.ts';
import { loadConfig } from './config/load-config.ts';
import { createNodeAdapters } from './node-adapters.ts';
import type { Logger } from './ports/logger.ts';
import { StartError } from './start-error.ts';

/** How a broker of its own process is configured. */
export interface RunBrokerOptions {
  /** Path of a `server.properties`. */
  readonly configFile?: string;
  /** Broker keys that win over file and environment. */
  readonly overrides?: ReadonlyMap<string, string>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly logLevel?: LogLevel;
  readonly logger?: Logger;
  /** Something failed that the broker cannot go on without. */
  readonly failed?: (error: Error) => void;
}

/** Starts a broker as configured, in a process that is the broker's own; it serves when the promise settles. Rejects with what `describeStartError` explains. */
export async function runBroker(options: RunBrokerOptions): Promise<Broker> {
  const { configFile, overrides, environment } = options;
  limitYoungGeneration();
  const { config, warnings } = loadConfig({
    ...(configFile === undefined ? {} : { file: { name: configFile, contents: await readConfig(configFile) } }),
    ...(environment === undefined ? {} : { environment }),
    ...(overrides === undefined ? {} : { flags: overrides }),
  });
  const logger = options.logger ?? createPinoLogger(options.logLevel === undefined ? {} : { level: options.logLevel });
  for (const warning of warnings) logger.warn({}, warning);
  const adapters = await createNodeAdapters({ config, logger });
  const broker = createBroker({ config, adapters, ...(options.failed ? { failed: options.failed } : {}) });
  await broker.start();
  return broker;
}

async function readConfig(path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await createNodeFiles().readFile(path));
  } catch (error) {
    throw new StartError(`cannot read the configuration ${error instanceof Error ? error.message : path}`, error);
  }
}
