import process from 'node:process';
import { Args } from '@oclif/core';
import { BaseCommand, globalFlags, settingSources, tableFlags } from '../../base-command.ts';
import { ExitCode } from '../../errors/exit-codes.ts';
import { toCliError } from '../../errors/to-cli-error.ts';
import { chooseProfile } from '../../settings/load-settings.ts';

interface Validated {
  readonly name: string;
  readonly status: string;
  readonly brokers: number | null;
  readonly error?: string;
}

export class ProfileValidate extends BaseCommand {
  static override summary = 'Check that the settings of profiles make sense, and that their brokers answer';
  static override examples = [
    'all: <%= config.bin %> profile validate',
    '<%= config.bin %> profile validate prod --timeout 3',
  ];
  static override strict = false;
  static override args = {
    name: Args.string({ ignoreStdin: true, description: 'name of the profile; more may follow; default: all' }),
  };
  static override rowShape = {
    name: 'string',
    status: "'ok' | 'failed'",
    brokers: 'number | null, how many brokers the cluster has',
    'error?': 'string',
  };
  static override flags = { ...globalFlags, ...tableFlags };

  async run(): Promise<void> {
    const { argv, flags } = await this.parse(ProfileValidate);
    const { file } = await chooseProfile(settingSources(flags));
    const names = argv.length > 0 ? argv.map(String) : file.names;
    for (const name of names) file.require(name);
    const rows = await Promise.all(names.map((name) => this.#validate(name, flags)));
    this.print(
      rows,
      [
        { name: 'NAME', get: (row) => row.name },
        { name: 'STATUS', get: (row) => (row.error === undefined ? row.status : `failed: ${row.error}`) },
        { name: 'BROKERS', get: (row) => row.brokers, align: 'right' },
      ],
      flags,
    );
    if (rows.some(({ error }) => error !== undefined)) process.exitCode = ExitCode.ERROR;
  }

  async #validate(name: string, flags: Parameters<BaseCommand['settings']>[0]): Promise<Validated> {
    try {
      await using client = await this.connect(await this.settings({ timeout: flags.timeout, profile: name }));
      const { brokers } = await client.admin.describeCluster();
      return { name, status: 'ok', brokers: brokers.length };
    } catch (error) {
      return { name, status: 'failed', brokers: null, error: toCliError(error).message };
    }
  }
}
