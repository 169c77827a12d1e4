import { CliError } from './cli-error.ts';
import { ExitCode } from './exit-codes.ts';
import { isUnbuilt, lineFor } from './foreign-commands.ts';
import { suggestion } from './suggestion.ts';

/** The error for words that are no command, with the command that was probably meant; undefined where `error` says something else. */
export function commandNotFound(
  error: unknown,
  argv: readonly string[],
  commands: readonly { readonly id: string; readonly hidden: boolean }[],
): CliError | undefined {
  if (!(error instanceof Error) || !/^command .* not found/i.test(error.message)) return undefined;
  const words = argv.filter((word) => !word.startsWith('-'));
  const line = lineFor(words.join(' '));
  if (line === undefined && isUnbuilt(words.join(' '))) {
    return new CliError(`ks ${words.slice(0, 2).join(' ')} is planned and not built yet`, {
      exitCode: ExitCode.USAGE,
      hint: 'ks --help; docs/status.md says what is there',
      cause: error,
    });
  }
  const names = commands.filter(({ hidden }) => !hidden).map(({ id }) => id.replaceAll(':', ' '));
  const typed = words.slice(0, Math.max(1, ...names.map((name) => name.split(' ').length))).join(' ');
  const groups = names.flatMap((name) => (name.includes(' ') ? name.split(' ').slice(0, 1) : []));
  const meant = suggestion(typed, names) ?? suggestion(words[0] ?? '', [...names, ...groups]);
  return new CliError(`ks has no command ${JSON.stringify(typed)}`, {
    exitCode: ExitCode.USAGE,
    hint: line ?? (meant === undefined ? 'ks --help' : `ks ${meant}`),
    cause: error,
  });
}
