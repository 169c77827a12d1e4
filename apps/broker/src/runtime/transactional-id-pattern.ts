import { compileRegex } from '../core/group/regex/compiled-regex.ts';
import { RegexError } from '../core/group/regex/syntax.ts';

/** The engine knows ASCII; whatever else an id holds stands for itself as a character that no pattern names. */
const OTHER_CHARACTER = '\u007f';

/** Whether an id matches the pattern (null or empty: any does); undefined where the pattern cannot be used. */
export function patternOf(pattern: string | null): ((transactionalId: string) => boolean) | undefined {
  if (pattern === null || pattern === '') return () => true;
  try {
    const regex = compileRegex(pattern);
    return (transactionalId) => regex.matches(transactionalId.replaceAll(/[^\0-\u007f]/gu, OTHER_CHARACTER));
  } catch (error) {
    if (error instanceof RegexError) return undefined;
    throw error;
  }
}
