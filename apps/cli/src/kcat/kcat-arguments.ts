import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';

/** Letters of kcat that take a value, and those that are switches. */
const VALUES = new Set('bcdDfFGHkKmoprstXz');
const SWITCHES = new Set('CPLQAaeEhJlMNOquvTUVZ');

/** kcat's command line, letter by letter. */
export interface KcatArguments {
  /** Each letter with its values in the order given. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly switches: ReadonlySet<string>;
  /** Files, or the topics of `-G`. */
  readonly operands: readonly string[];
}

/**
 * Parses as getopt does: letters may stand together (`-eq`), a value may follow its letter at once (`-K:`), options may come after
 * operands, and `--` ends them. Throws a usage error.
 */
export function parseKcatArguments(argv: readonly string[]): KcatArguments {
  const values = new Map<string, string[]>();
  const switches = new Set<string>();
  const operands: string[] = [];
  const words = argv.values();
  for (const word of words) {
    if (word === '--') operands.push(...words);
    else if (!word.startsWith('-') || word === '-') operands.push(word);
    else readLetters(word.slice(1), words, values, switches);
  }
  return { values, switches, operands };
}

/** Reads one word of letters; what the last of them needs and does not bring along is the next word. */
function readLetters(
  word: string,
  words: Iterator<string, unknown, undefined>,
  values: Map<string, string[]>,
  switches: Set<string>,
): void {
  for (const [at, letter] of [...word].entries()) {
    if (SWITCHES.has(letter)) {
      switches.add(letter);
      continue;
    }
    if (!VALUES.has(letter)) throw misused(`kcat has no option -${letter}`);
    const attached = [...word].slice(at + 1).join('');
    const next = attached === '' ? words.next() : undefined;
    if (next?.done === true) throw misused(`-${letter} needs a value`);
    const value = next === undefined ? attached : String(next.value);
    values.set(letter, [...(values.get(letter) ?? []), value]);
    return;
  }
}

/** The value of a letter that counts: the last. */
export function lastOf({ values }: KcatArguments, letter: string): string | undefined {
  return values.get(letter)?.at(-1);
}

/** A whole number given to a letter. Throws a usage error where it is none. */
export function numberOf(given: KcatArguments, letter: string): number | undefined {
  const text = lastOf(given, letter);
  if (text === undefined) return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw misused(`-${letter} ${text} is no whole number`);
  return Number(text);
}

/** A usage error of the shim. */
export function misused(message: string): CliError {
  return new CliError(message, { exitCode: ExitCode.USAGE, hint: 'ks kcat -h' });
}
