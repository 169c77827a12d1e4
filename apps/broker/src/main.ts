import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { LogLevel } from './adapters/pino-logger.ts';
import type { Broker } from './broker.ts';
import { runBroker } from './run.ts';
import { describeStartError, StartError } from './start-error.ts';

const NODE_MAJOR_MIN = 24;
/** How long a stop may take beyond ks.shutdown.timeout.ms before the process is ended anyway. */
const STOP_MS_MAX = 60_000;
/** How long the process may take to end once everything is written. */
const EXIT_MS_MAX = 5000;

const usage = `Usage: ks-broker [options]

  --config FILE         a server.properties
  --override KEY=VALUE  a broker key, over file and environment; may be repeated
  --port PORT           listen on this port on all interfaces
  --data DIR            directory for data (log.dirs)
  --log-level LEVEL     debug, info, warn, error or silent
  --help

Any broker key can come from the environment too: log.segment.bytes is KS_LOG_SEGMENT_BYTES.
`;

const levels: readonly string[] = ['debug', 'info', 'warn', 'error', 'silent'];

function isLogLevel(level: string): level is LogLevel {
  return levels.includes(level);
}

interface Arguments {
  readonly configFile: string | undefined;
  readonly overrides: ReadonlyMap<string, string>;
  readonly logLevel: LogLevel;
  readonly help: boolean;
}

function parseArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      config: { type: 'string' },
      override: { type: 'string', multiple: true },
      port: { type: 'string' },
      data: { type: 'string' },
      'log-level': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const overrides = new Map<string, string>();
  if (values.port !== undefined) overrides.set('listeners', `PLAINTEXT://:${values.port}`);
  if (values.data !== undefined) overrides.set('log.dirs', values.data);
  for (const pair of values.override ?? []) {
    const at = pair.indexOf('=');
    if (at < 1) throw new StartError(`--override: ${JSON.stringify(pair)} is not KEY=VALUE`);
    overrides.set(pair.slice(0, at), pair.slice(at + 1));
  }
  const logLevel = values['log-level'] ?? 'info';
  if (!isLogLevel(logLevel)) throw new StartError(`--log-level: ${logLevel} is not one of ${levels.join(', ')}`);
  return { configFile: values.config, overrides, logLevel, help: values.help ?? false };
}

/** One line where the operator can mend it, the stack where it is a fault of ks. */
function fail(error: unknown): never {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  const line = isUsage ? error.message : describeStartError(error);
  const text = line ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.stderr.write(`ks-broker: ${text}\n`);
  return exit(1);
}

/**
 * Ends the process even where Node itself hangs in doing so (seen once in some hundred runs: a join of V8's threads that never
 * returns). A child holds one end of a pipe: it closes with this process, or the child ends this process.
 */
function exit(code: number): never {
  const watch = `const t = setTimeout(() => process.kill(${process.pid}, 'SIGKILL'), ${EXIT_MS_MAX});
    process.stdin.resume(); process.stdin.on('close', () => { clearTimeout(t); process.exit(); });`;
  spawn(process.execPath, ['-e', watch], { stdio: ['pipe', 'ignore', 'ignore'], detached: true }).unref();
  process.exit(code);
}

function stopOnSignals(broker: Broker): void {
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    // Not unref'ed: the clock's timers do not keep the process alive, and a stop whose sockets are closed waits on nothing else.
    setTimeout(() => fail(new StartError('the stop took too long')), STOP_MS_MAX);
    broker.stop().then(() => exit(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function main(): Promise<void> {
  const major = Number.parseInt(process.versions.node, 10);
  if (major < NODE_MAJOR_MIN) {
    throw new StartError(`Node ${NODE_MAJOR_MIN} or later is needed, this is ${process.versions.node}`);
  }
  const { configFile, overrides, logLevel, help } = parseArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const broker = await runBroker({
    ...(configFile === undefined ? {} : { configFile }),
    overrides,
    environment: process.env,
    logLevel,
    failed: (error) => {
      process.stderr.write(`ks-broker: ${error.stack ?? error.message}\n`);
      void broker.stop().finally(() => exit(1));
    },
  });
  stopOnSignals(broker);
}

await main().catch(fail);
