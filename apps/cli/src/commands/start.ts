import process from 'node:process';
import { Flags } from '@oclif/core';
import { brokerEnvironment } from '../broker-environment.ts';
import { parsePairs } from '../input/parse-pairs.ts';
import { serve } from '../serve.ts';
import { TalkingCommand } from '../talking-command.ts';

export class Start extends TalkingCommand {
  static override summary = 'Run a broker on this machine, in the foreground';
  static override description = 'ctrl-c stops it in order. For production nodes see broker run.';
  static override examples = [
    '<%= config.bin %> start',
    '<%= config.bin %> start --port 19092 --data /var/tmp/ks',
    'nothing on disk: <%= config.bin %> start --ephemeral',
  ];
  static override flags = {
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
    const { createPinoLogger, describeStartError, runBroker, startEmbeddedBroker } = await import('@ks/broker');
    const logger = createPinoLogger({ level: flags.verbose ? 'debug' : 'warn', destination: process.stderr });
    const config = parsePairs(flags.override);
    const where = flags.ephemeral ? 'data in memory' : `data in ${flags.data}`;
    if (flags.ephemeral) {
      const { host, port } = flags;
      await serve(
        (failed) => startEmbeddedBroker({ host, port, config, logger, failed }),
        (broker) => tell(broker, where),
        describeStartError,
      );
      return;
    }
    const address = flags.host.includes(':') ? `[${flags.host}]` : flags.host;
    const overrides = new Map(
      Object.entries({ listeners: `PLAINTEXT://${address}:${flags.port}`, 'log.dirs': flags.data, ...config }),
    );
    await serve(
      (failed) => runBroker({ overrides, environment: brokerEnvironment(process.env), logger, failed }),
      ({ listeners: [listener] }) => tell(listener ?? flags, where),
      describeStartError,
    );
  }
}

function tell({ host, port }: { readonly host: string; readonly port: number }, where: string): void {
  const shown = host === '127.0.0.1' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  process.stderr.write(`ks serves on ${shown}:${port}, ${where}; ctrl-c stops it\n`);
}
