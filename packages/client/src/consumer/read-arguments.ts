import { type AnyTopic, wholeName } from '../topic/topic.ts';
import type { ReadOptions } from './consumer-options.ts';

/** What can be read: topics, topics by name, and every topic whose whole name an expression matches. */
export type Readable = AnyTopic | string | RegExp;
export type Readables = readonly Readable[];

/** `read` and `batches` take topics, with options in front or without. */
export function splitArguments<O extends object = ReadOptions>(
  given: readonly (O | Readable)[],
): { readonly options: O | Record<string, never>; readonly topics: Readables } {
  const [first, ...rest] = given;
  if (first === undefined) return { options: {}, topics: [] };
  if (isReadable(first)) return { options: {}, topics: [first, ...rest.filter(isReadable)] };
  return { options: first, topics: rest.filter(isReadable) };
}

/** Which topics are meant, and what their records' types are. */
export class TopicSelection {
  readonly names: readonly string[];
  readonly patterns: readonly RegExp[];
  readonly #typed: ReadonlyMap<string, AnyTopic>;
  readonly #typedPatterns: readonly AnyTopic[];
  readonly #found = new Map<string, AnyTopic | undefined>();
  readonly #included = new Map<string, boolean>();
  #last: { readonly name: string; readonly type: AnyTopic | undefined } | undefined;

  constructor(topics: Readables) {
    const isPattern = (one: Readable): boolean => patternOf(one) !== undefined;
    const named = topics.filter((one): one is AnyTopic | string => !isPattern(one));
    this.names = named.map((one) => (typeof one === 'string' ? one : one.name));
    this.patterns = topics.map(patternOf).filter((pattern) => pattern !== undefined);
    this.#typed = new Map(named.flatMap((one) => (typeof one === 'string' ? [] : [[one.name, one]])));
    this.#typedPatterns = topics.filter((one): one is AnyTopic => isPattern(one) && !(one instanceof RegExp));
  }

  get isEmpty(): boolean {
    return this.names.length === 0 && this.patterns.length === 0;
  }

  /** What it says, for telling one from another. */
  get signature(): string {
    return [...this.names.toSorted(), ...this.patterns.map(({ source }) => `/${source}/`).toSorted()].join(', ');
  }

  /** Without any topic everything is included. */
  includes(name: string): boolean {
    let isIncluded = this.#included.get(name);
    if (isIncluded === undefined) {
      isIncluded = this.isEmpty || this.names.includes(name) || this.patterns.some((pattern) => pattern.test(name));
      this.#included.set(name, isIncluded);
    }
    return isIncluded;
  }

  /** The topic that types a name's records; undefined: bytes. */
  typeOf(name: string): AnyTopic | undefined {
    // Asked for every record, mostly of the topic of the one before.
    if (name === this.#last?.name) return this.#last.type;
    this.#last = { name, type: this.#findType(name) };
    return this.#last.type;
  }

  #findType(name: string): AnyTopic | undefined {
    if (!this.#found.has(name)) {
      const found = this.#typed.get(name) ?? this.#typedPatterns.find((topic) => patternOf(topic)?.test(name));
      this.#found.set(name, found);
    }
    return this.#found.get(name);
  }
}

function patternOf(given: Readable): RegExp | undefined {
  if (typeof given === 'string') return undefined;
  const pattern = given instanceof RegExp ? given : given.pattern;
  return pattern && wholeName(pattern);
}

function isReadable(given: object | string): given is Readable {
  return typeof given === 'string' || given instanceof RegExp || ('name' in given && 'value' in given);
}
