import process from 'node:process';
import { Flags } from '@oclif/core';
import { brokerEnvironment } from '../broker-environment.ts';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { parsePairs } from '../input/parse-pairs.ts';
import { serve } from '../serve.ts';
import { TalkingCommand } from '../talking-command.ts';

/** More on one machine show nothing new. */
const BROKERS_MAX = 16;

export class Start extends TalkingCommand {
  static override summary = 'Run a broker on this machine, or several, in the foreground';
  static override description = 'ctrl-c stops it in order. For production nodes see broker run.';
  static override examples = [
    '<%= config.bin %> start',
    '<%= config.bin %> start --port 19092 --data /var/tmp/ks',
    'nothing on disk: <%= config.bin %> start --ephemeral',
    'three brokers in one process: <%= config.bin %> start -n 3',
  ];
  static override flags = {
    count: Flags.integer({
      char: 'n',
      default: 1,
      min: 1,
      max: BROKERS_MAX,
      description: 'how many brokers, at one port after the other',
    }),
    port: Flags.integer({ default: 9092, min: 0, max: 65_535, description: 'port to listen on; 0: any free one' }),
    host: Flags.string({
      default: '127.0.0.1',
      description: 'address to listen on, which is also what clients are told',
    }),
    data: Flags.string({ default: './data', description: 'directory for the data' }),
    ephemeral: Flags.boolean({ exclusive: ['data'], description: 'keep everything in memory; it is gone at the end' }),
    override: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      description: 'a broker key, key=value',
    }),
    verbose: Flags.boolean({ char: 'v', description: 'log what the broker does, on stderr' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Start);
    // Only those who run a broker load it.
    const broker = await import('@ks/broker');
    const { createPinoLogger, describeStartError } = broker;
    const logger = createPinoLogger({ level: flags.verbose ? 'debug' : 'warn', destination: process.stderr });
    const config = parsePairs(flags.override);
    const { host, port, count: brokerCount } = flags;
    const directory = flags.ephemeral ? undefined : flags.data;
    const where = directory === undefined ? 'data in memory' : `data in ${directory}`;
    const environment = brokerEnvironment(process.env);
    if (brokerCount > 1) {
      if (port + brokerCount > 65_536)
        throw new CliError(`--port: ${brokerCount} ports from ${port} on do not exist`, { exitCode: ExitCode.USAGE });
      const data = directory === undefined ? {} : { directory };
      const options = { brokerCount, host, port, config, environment, logger, ...data };
      const start = (failed: (error: Error) => void) => broker.startLocalCluster({ ...options, failed });
      await serve(start, ({ brokers }) => tell(brokers, where), describeStartError);
      return;
    }
    if (directory === undefined) {
      const start = (failed: (error: Error) => void) =>
        broker.startEmbeddedBroker({ host, port, config, logger, failed });
      await serve(start, (started) => tell([started], where), describeStartError);
      return;
    }
    if (await broker.holdsLocalCluster(directory)) {
      throw new CliError(`--data: ${directory} holds several brokers: give -n, or another directory`, {
        exitCode: ExitCode.USAGE,
      });
    }
    const address = host.includes(':') ? `[${host}]` : host;
    const overrides = new Map(
      Object.entries({ listeners: `PLAINTEXT://${address}:${port}`, 'log.dirs': directory, ...config }),
    );
    await serve(
      (failed) => broker.runBroker({ overrides, environment, logger, failed }),
      ({ listeners: [listener] }) => tell([listener ?? flags], where),
      describeStartError,
    );
  }
}

function tell(addresses: readonly { readonly host: string; readonly port: number }[], where: string): void {
  const shown = addresses.map(({ host, port }) => {
    const name = host === '127.0.0.1' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
    return `${name}:${port}`;
  });
  process.stderr.write(`ks serves on ${shown.join(',')}, ${where}; ctrl-c stops it\n`);
}
