import { type ConfigDef, type ConfigType, type ConfigValue, MAX_LONG } from './config-def.ts';

/** A parsed value, or one line that says what is wrong and what is allowed. */
export type Parsed =
  | { readonly ok: true; readonly value: ConfigValue }
  | { readonly ok: false; readonly message: string };

const JAVA_LONG_MAX = 9223372036854775807n;
const JAVA_LONG_MIN = -9223372036854775808n;

const integerRange: Readonly<Partial<Record<ConfigType, readonly [bigint, bigint]>>> = {
  short: [-32768n, 32767n],
  int: [-2147483648n, 2147483647n],
  long: [JAVA_LONG_MIN, JAVA_LONG_MAX],
};

function parseInteger(type: ConfigType, raw: string): number | undefined {
  if (!/^[+-]?\d+$/.test(raw)) return undefined;
  const [min, max] = integerRange[type] ?? [0n, 0n];
  const exact = BigInt(raw.startsWith('+') ? raw.slice(1) : raw);
  if (exact < min || exact > max) return undefined;
  return Math.max(-MAX_LONG, Math.min(MAX_LONG, Number(exact)));
}

function parseDouble(raw: string): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(raw)) return undefined;
  const value = Number(raw);
  return Number.isFinite(value) ? value : undefined;
}

function parseBoolean(raw: string): boolean | undefined {
  const lower = raw.toLowerCase();
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

function parseList(raw: string): readonly string[] {
  return raw === '' ? [] : raw.split(',').map((element) => element.trim());
}

function parseTyped(type: ConfigType, raw: string): ConfigValue | undefined {
  switch (type) {
    case 'boolean':
      return parseBoolean(raw);
    case 'int':
    case 'short':
    case 'long':
      return parseInteger(type, raw);
    case 'double':
      return parseDouble(raw);
    case 'list':
      return parseList(raw);
    case 'string':
    case 'class':
    case 'password':
      return raw;
    default:
      throw new Error(`no such type: ${type satisfies never}`);
  }
}

const typeNames: Readonly<Record<ConfigType, string>> = {
  boolean: 'true or false',
  string: 'a text',
  int: 'a whole number (int)',
  short: 'a whole number (short)',
  long: 'a whole number (long)',
  double: 'a number',
  list: 'a comma-separated list',
  class: 'a class name',
  password: 'a text',
};

/** What may be written for a key: its validator's words, else its type's. */
export function allowedValues(def: ConfigDef): string {
  const rule = def.validator?.allowed;
  const isNumber = def.type === 'int' || def.type === 'short' || def.type === 'long' || def.type === 'double';
  if (rule === undefined) return typeNames[def.type];
  return isNumber ? `${typeNames[def.type]}, ${rule}` : rule;
}

/** Parses and checks the text of one key. */
export function parseConfigValue(name: string, def: ConfigDef, raw: string): Parsed {
  const value = parseTyped(def.type, raw.trim());
  if (value === undefined || def.validator?.accepts(value) === false) {
    const shown = def.type === 'password' ? '[hidden]' : JSON.stringify(raw);
    return { ok: false, message: `${name}: ${shown} is not allowed; allowed: ${allowedValues(def)}` };
  }
  return { ok: true, value };
}

/** A value as Kafka shows it (DescribeConfigs, files); null stays null. Parsing the result gives the value again. */
export function formatConfigValue(def: ConfigDef, value: ConfigValue): string | null {
  if (value === null) return null;
  if (typeof value === 'object') return value.join(',');
  if (def.type === 'long' && value === MAX_LONG) return JAVA_LONG_MAX.toString();
  if (def.type === 'long' && value === -MAX_LONG) return JAVA_LONG_MIN.toString();
  const text = String(value);
  if (def.type !== 'double') return text;
  if (text.includes('e')) return text.replace(/e\+?/, 'E');
  return Number.isInteger(value) ? `${text}.0` : text;
}
