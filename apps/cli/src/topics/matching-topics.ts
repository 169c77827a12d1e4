import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import { usage } from '../errors/usage.ts';

/** Those of `topics` whose name one of the regular expressions finds. Throws a usage error for one that is none. */
export function matchingTopics<T extends { readonly name: string }>(
  topics: readonly T[],
  expressions: readonly string[],
): readonly T[] {
  const patterns = expressions.map((expression) => usage(() => new RegExp(expression, 'u')));
  return topics.filter(({ name }) => patterns.some((pattern) => pattern.test(name)));
}

/** The names that match. Throws NOT_FOUND where there is none. */
export function requireMatches(
  topics: readonly { readonly name: string }[],
  expressions: readonly string[],
  place: string,
): readonly string[] {
  const names = matchingTopics(topics, expressions).map(({ name }) => name);
  if (names.length > 0) return names;
  throw new CliError(`no topic on ${place} matches ${expressions.join(' or ')}`, {
    exitCode: ExitCode.NOT_FOUND,
    hint: 'ks topics list',
  });
}
