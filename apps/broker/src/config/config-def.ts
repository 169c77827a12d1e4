/** Kafka's configuration types. */
export type ConfigType = 'boolean' | 'string' | 'int' | 'short' | 'long' | 'double' | 'list' | 'class' | 'password';

/** How a value may change while the broker runs, in Kafka's words. */
export type UpdateMode = 'read-only' | 'per-broker' | 'cluster-wide';

export type ConfigValue = boolean | string | number | readonly string[] | null;

/** A rule beyond the type; `allowed` completes the sentence "allowed: ...". */
export interface Validator<Value> {
  readonly allowed: string;
  accepts(value: Value): boolean;
}

/** One configuration key. The tables of these are the only source of names, types, defaults, checks and documentation. */
export interface ConfigDef<Value extends ConfigValue = ConfigValue> {
  readonly type: ConfigType;
  readonly default: Value;
  readonly doc: string;
  readonly validator: Validator<Value> | undefined;
  readonly updateMode: UpdateMode;
  /** For a topic config: the broker keys that set its default, the first explicit one wins. */
  readonly synonyms: readonly Synonym[];
}

/** A broker key standing in for a topic key, `scale` times as large a unit. */
export interface Synonym {
  readonly name: string;
  readonly scale: number;
}

export type ConfigTable = Readonly<Record<string, ConfigDef>>;

/** The typed values of a table, under Kafka's own names: `values['log.segment.bytes']`. */
export type ConfigValues<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends ConfigDef<infer Value> ? Value : never;
};

/** What a definition may add to type, default and text. */
export interface ConfigOptions {
  readonly updateMode?: UpdateMode;
  readonly synonyms?: readonly (string | Synonym)[];
}

/** Numeric bounds, inclusive; `also` lists values outside of them that are allowed too. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly also?: readonly number[];
}

/** A `long` at Kafka's maximum: values beyond 2^53-1 saturate here and are shown as Kafka's 9223372036854775807. */
export const MAX_LONG = Number.MAX_SAFE_INTEGER;

function define<Value extends ConfigValue>(
  type: ConfigType,
  initial: Value,
  doc: string,
  validator: Validator<Value> | undefined,
  options: ConfigOptions,
): ConfigDef<Value> {
  const synonyms = (options.synonyms ?? []).map((each) => (typeof each === 'string' ? { name: each, scale: 1 } : each));
  return { type, default: initial, doc, validator, updateMode: options.updateMode ?? 'read-only', synonyms };
}

function withinBounds(bounds: Bounds): Validator<number | null> | undefined {
  const { min, max, also = [] } = bounds;
  if (min === undefined && max === undefined) return undefined;
  const range = max === undefined ? `at least ${min}` : min === undefined ? `at most ${max}` : `${min} to ${max}`;
  return {
    allowed: [...also, range].join(' or '),
    accepts: (value) =>
      value === null || also.includes(value) || (value >= (min ?? -Infinity) && value <= (max ?? Infinity)),
  };
}

export function bool(initial: boolean, doc: string, options: ConfigOptions = {}): ConfigDef<boolean> {
  return define('boolean', initial, doc, undefined, options);
}

/** Declares a number; null as default makes it optional. */
interface DefineNumber {
  (initial: number, bounds: Bounds, doc: string, options?: ConfigOptions): ConfigDef<number>;
  (initial: null, bounds: Bounds, doc: string, options?: ConfigOptions): ConfigDef<number | null>;
}

function numeric(type: 'int' | 'short' | 'long' | 'double'): DefineNumber {
  // The overloads say that a number as default makes a key that is never null.
  return ((initial: number | null, bounds: Bounds, doc: string, options: ConfigOptions = {}) =>
    define(type, initial, doc, withinBounds(bounds), options)) as DefineNumber;
}

/** A 32-bit whole number. */
export const int = numeric('int');
/** A 16-bit whole number. */
export const short = numeric('short');
/** A 64-bit whole number, saturated at `MAX_LONG`. */
export const long = numeric('long');
export const double = numeric('double');

/** What a text's definition may add. */
export interface TextOptions extends ConfigOptions {
  readonly oneOf?: readonly string[];
  readonly check?: Validator<string>;
}

/** A text; null as default makes it optional. */
export function text(initial: string, doc: string, options?: TextOptions): ConfigDef<string>;
export function text(initial: null, doc: string, options?: TextOptions): ConfigDef<string | null>;
export function text(initial: string | null, doc: string, options: TextOptions = {}): ConfigDef<string | null> {
  const { oneOf, check } = options;
  const rule = oneOf ? { allowed: oneOf.join(', '), accepts: (value: string) => oneOf.includes(value) } : check;
  const validator: Validator<string | null> | undefined = rule && {
    allowed: rule.allowed,
    accepts: (value) => value === null || rule.accepts(value),
  };
  return define<string | null>('string', initial, doc, validator, options);
}

/** A text that is never told to anyone. */
export function password(doc: string): ConfigDef<string | null> {
  return define<string | null>('password', null, doc, undefined, {});
}

/** What a list's definition may add: the elements it is made of. */
export interface ListOptions extends ConfigOptions {
  readonly of?: readonly string[];
  readonly each?: Validator<string>;
}

type List = readonly string[];

/** A comma-separated list; null as default makes it optional. */
export function list(initial: List, doc: string, options?: ListOptions): ConfigDef<List>;
export function list(initial: null, doc: string, options?: ListOptions): ConfigDef<List | null>;
export function list(initial: List | null, doc: string, options: ListOptions = {}): ConfigDef<List | null> {
  const { of, each } = options;
  const rule = of ? { allowed: of.join(', '), accepts: (element: string) => of.includes(element) } : each;
  const validator: Validator<List | null> | undefined = rule && {
    allowed: `a comma-separated list of ${rule.allowed}`,
    accepts: (value) => value === null || value.every((element) => rule.accepts(element)),
  };
  return define<List | null>('list', initial, doc, validator, options);
}
