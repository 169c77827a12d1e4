import { CliError } from './cli-error.ts';
import { ExitCode } from './exit-codes.ts';
import { suggestion } from './suggestion.ts';

/** What the error of a parser needs to know of the command. */
export interface ParsedCommand {
  /** `topics:list`. */
  readonly id: string;
  readonly flags: Readonly<Record<string, { readonly hidden?: boolean }>>;
}

/** The argument parser's own error in this program's words, with what to try; undefined where `error` is another. */
export function parseError(error: unknown, { id, flags }: ParsedCommand): CliError | undefined {
  if (!(error instanceof Error) || !('oclif' in error)) return undefined;
  // A note on flags that repeat is about ones that swallow arguments, which none of ours does.
  const [first = '', ...more] = error.message
    .replace(/\nSee more help with --help$|\n+Note: [\s\S]*$/g, '')
    .split('\n');
  const wrong = /^Nonexistent flag: -*([\w-]+)/.exec(first)?.[1];
  const shown = Object.keys(flags).filter((name) => flags[name]?.hidden !== true);
  const meant = wrong === undefined || wrong.length < 2 ? undefined : suggestion(wrong, shown);
  const help = `ks ${id.replaceAll(':', ' ')} --help`;
  return new CliError([wrong === undefined ? first : first.replace('Nonexistent', 'unknown'), ...more].join('\n'), {
    exitCode: ExitCode.USAGE,
    hint: meant === undefined ? help : `${help}; did you mean --${meant}?`,
    cause: error,
  });
}
