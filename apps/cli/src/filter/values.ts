import type { Filterable } from './quick-filter.ts';

const utf8 = new TextDecoder();

/** What an expression sees of a record: decoded when first asked for, once. */
export class RecordScope {
  readonly record: Filterable;
  readonly nowMs: number;
  #key: unknown;
  #value: unknown;
  #headers: Readonly<Record<string, string | null>> | undefined;

  constructor(record: Filterable, nowMs: number) {
    this.record = record;
    this.nowMs = nowMs;
  }

  /** As text. */
  get key(): unknown {
    this.#key ??= this.record.key === null ? null : utf8.decode(this.record.key);
    return this.#key;
  }

  /** As JSON where it is JSON, else as text. */
  get value(): unknown {
    this.#value ??= this.record.value === null ? null : decoded(this.record.value);
    return this.#value;
  }

  /** By name, as text; the last one of a name. */
  get headers(): Readonly<Record<string, string | null>> {
    this.#headers ??= Object.fromEntries(
      this.record.headers.map(({ key, value }) => [key, value === null ? null : utf8.decode(value)]),
    );
    return this.#headers;
  }
}

function decoded(bytes: Uint8Array): unknown {
  const text = utf8.decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Whether a value counts as true: what is missing, null or false does not. */
export function truthy(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

export type BinarySign = '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+' | '-' | '*' | '/' | '%';

/** What two values give. What cannot be compared or counted gives null, which no record matches by. */
export function binary(sign: BinarySign, a: unknown, b: unknown): unknown {
  switch (sign) {
    case '==':
      return isSame(a, b);
    case '!=':
      return !isSame(a, b);
    case 'in':
      if (Array.isArray(b)) return b.some((member) => isSame(a, member));
      return typeof a === 'string' && typeof b === 'object' && b !== null ? Object.hasOwn(b, a) : null;
    case '+':
      if (typeof a === 'string' && typeof b === 'string') return a + b;
      return counted(sign, a, b);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return typeof a === 'string' && typeof b === 'string'
        ? ordered(sign, a < b ? -1 : a === b ? 0 : 1)
        : counted(sign, a, b);
    default:
      return counted(sign, a, b);
  }
}

function counted(sign: BinarySign, a: unknown, b: unknown): unknown {
  if (typeof a !== 'number' || typeof b !== 'number') return null;
  switch (sign) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    default:
      return ordered(sign, a - b);
  }
}

function ordered(sign: BinarySign, difference: number): boolean {
  if (sign === '<') return difference < 0;
  if (sign === '<=') return difference <= 0;
  return sign === '>' ? difference > 0 : difference >= 0;
}

/** What is missing is null. Lists and objects are the same by their contents. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    return JSON.stringify(a) === JSON.stringify(b);
  }
  return (a ?? null) === (b ?? null);
}

/** A field of an object, or a member of a list; missing where there is none. Only what the record itself holds. */
export function memberOf(value: unknown, name: unknown): unknown {
  if (Array.isArray(value)) return typeof name === 'number' ? value[name < 0 ? value.length + name : name] : undefined;
  if (typeof value !== 'object' || value === null || typeof name !== 'string') return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

const calls: Readonly<Record<string, (of: unknown, given: readonly unknown[]) => unknown>> = {
  contains: (of, [part]) =>
    Array.isArray(of) ? of.some((member) => isSame(member, part)) : isText(of) && isText(part) && of.includes(part),
  startsWith: (of, [part]) => isText(of) && isText(part) && of.startsWith(part),
  endsWith: (of, [part]) => isText(of) && isText(part) && of.endsWith(part),
  matches: (of, [pattern]) => isText(of) && isText(pattern) && new RegExp(pattern, 'u').test(of),
  size: (of) => {
    if (isText(of) || Array.isArray(of)) return of.length;
    return typeof of === 'object' && of !== null ? Object.keys(of).length : null;
  },
};
const isText = (value: unknown): value is string => typeof value === 'string';

/** Whether `value.NAME()` is something an expression can call. */
export function isCallable(name: string): boolean {
  return Object.hasOwn(calls, name);
}

/** Calls one of the few functions that there are. */
export function callOf(name: string, of: unknown, given: readonly unknown[]): unknown {
  return calls[name]?.(of, given);
}
