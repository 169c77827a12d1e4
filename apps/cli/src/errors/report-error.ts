import process from 'node:process';
import type { CliError } from './cli-error.ts';
import { renderError, renderErrorJson, toCliError } from './to-cli-error.ts';

/**
 * Tells an error on stderr, as JSON where the command was asked for JSON, and sets the exit code that belongs to it. `place` is the
 * cluster that was spoken to.
 */
export function reportError(thrown: unknown, argv: readonly string[], place?: string): void {
  const error: CliError = toCliError(thrown, place);
  const isVerbose = argv.includes('-v') || argv.includes('--verbose');
  process.stderr.write(asksForJson(argv) ? renderErrorJson(error) : renderError(error, isVerbose, process.stderr));
  process.exitCode = error.exitCode;
}

/** Whether `--json` or `-o json` is among the arguments, which may be the ones that could not be parsed. */
export function asksForJson(argv: readonly string[]): boolean {
  return argv.some((word, index) => {
    if (/^(--json|-o=?json|--output=json)$/.test(word)) return true;
    return (word === '-o' || word === '--output') && argv[index + 1] === 'json';
  });
}
