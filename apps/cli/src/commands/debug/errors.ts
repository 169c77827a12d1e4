import { ErrorCode, errorByCode } from '@ks/protocol';
import { Args } from '@oclif/core';
import { BaseCommand, globalFlags, tableFlags } from '../../base-command.ts';
import { CliError } from '../../errors/cli-error.ts';
import { ExitCode } from '../../errors/exit-codes.ts';
import { suggestion } from '../../errors/suggestion.ts';

export class DebugErrors extends BaseCommand {
  static override summary = "Look up Kafka's error codes, by number or name";
  static override description = 'Without one: all of them.';
  static override examples = [
    '<%= config.bin %> debug errors 6',
    '<%= config.bin %> debug errors NOT_LEADER_OR_FOLLOWER UNKNOWN_TOPIC_ID',
    '<%= config.bin %> debug errors -o json',
  ];
  static override strict = false;
  static override args = {
    error: Args.string({ ignoreStdin: true, description: 'number or name of an error; more may follow' }),
  };
  static override rowShape = { code: 'number', name: 'string', retriable: 'boolean', message: 'string' };
  static override flags = { ...globalFlags, ...tableFlags };

  async run(): Promise<void> {
    const { flags, argv } = await this.parse(DebugErrors);
    const codes = argv.length === 0 ? Object.values(ErrorCode) : argv.map((word) => codeOf(String(word)));
    this.print(
      codes.map((one) => {
        const { code, name, retriable, message } = errorByCode(one);
        return { code, name, retriable, message };
      }),
      [
        { name: 'CODE', get: (row) => row.code, align: 'right' },
        { name: 'NAME', get: (row) => row.name },
        { name: 'RETRIABLE', get: (row) => row.retriable },
        { name: 'MEANS', get: (row) => row.message },
      ],
      flags,
    );
  }
}

function codeOf(word: string): number {
  const found = Object.entries(ErrorCode).find(
    ([name, code]) => name === word.toUpperCase() || String(code) === word.replace(/^--/, '-'),
  );
  if (found !== undefined) return found[1];
  const meant = suggestion(word, Object.keys(ErrorCode));
  throw new CliError(`Kafka has no error ${JSON.stringify(word)}`, {
    exitCode: ExitCode.NOT_FOUND,
    hint: `ks debug errors${meant === undefined ? '' : `; did you mean ${meant}?`}`,
  });
}
