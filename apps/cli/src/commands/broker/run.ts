import process from 'node:process';
import { Flags } from '@oclif/core';
import { brokerEnvironment } from '../../broker-environment.ts';
import { parsePairs } from '../../input/parse-pairs.ts';
import { serve } from '../../serve.ts';
import { TalkingCommand } from '../../talking-command.ts';

export class BrokerRun extends TalkingCommand {
  static override summary = 'Run a node in the foreground, configured by a server.properties';
  static override description =
    'Flags go before the environment (log.segment.bytes is KS_LOG_SEGMENT_BYTES), that before the file. Logs JSON lines on standard output.';
  static override examples = [
    '<%= config.bin %> broker run --config server.properties',
    '<%= config.bin %> broker run --config server.properties --override node.id=2 --override log.dirs=/data/2',
  ];
  static override flags = {
    config: Flags.string({ required: true, description: 'a server.properties' }),
    override: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      default: [],
      description: 'a broker key, key=value',
    }),
    'log-level': Flags.option({
      options: ['debug', 'info', 'warn', 'error', 'silent'] as const,
      default: 'info' as const,
      description: 'the least that is logged',
    })(),
    verbose: Flags.boolean({ char: 'v', description: 'show the stack of an error too' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(BrokerRun);
    // Only those who run a broker load it.
    const { createPinoLogger, describeStartError, runBroker } = await import('@ks/broker');
    const overrides = new Map(Object.entries(parsePairs(flags.override)));
    const logger = createPinoLogger({ level: flags['log-level'] });
    const environment = brokerEnvironment(process.env);
    await serve(
      (failed) => runBroker({ configFile: flags.config, overrides, environment, logger, failed }),
      () => undefined,
      describeStartError,
    );
  }
}
