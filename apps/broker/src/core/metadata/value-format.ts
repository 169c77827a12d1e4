/** A value of the store that is not what its key promises. The message is one line that names the key. */
export class MetadataRecordError extends Error {
  readonly key: string;
  constructor(key: string, problem: string) {
    super(`the metadata store's entry ${key} is corrupt: ${problem}`);
    this.name = 'MetadataRecordError';
    this.key = key;
  }
}

/** Reads a parsed JSON value as a `T`; throws a `TypeError` with the path of what is wrong. */
export type Format<T> = (value: unknown, path: string) => T;

/** A whole number of at least `min`. */
export function whole(min: number): Format<number> {
  return (value, path) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min) {
      throw new TypeError(`${path} must be a whole number of at least ${min}`);
    }
    return value;
  };
}

/** A whole number that an older release did not write: -1. */
export const wholeOrNone: Format<number> = (value, path) => (value === undefined ? -1 : whole(-1)(value, path));

export const text: Format<string> = (value, path) => {
  if (typeof value !== 'string') throw new TypeError(`${path} must be a text`);
  return value;
};

export const flag: Format<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw new TypeError(`${path} must be true or false`);
  return value;
};

/** A flag that an older release did not write. */
export const flagOrFalse: Format<boolean> = (value, path) => value !== undefined && flag(value, path);

export function orNull<T>(format: Format<T>): Format<T | null> {
  return (value, path) => (value === null ? null : format(value, path));
}

export function listOf<T>(format: Format<T>): Format<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new TypeError(`${path} must be a list`);
    return value.map((element, index) => format(element, `${path}[${index}]`));
  };
}

/** An object used as a map from any text. */
export function mapOf<T>(format: Format<T>): Format<ReadonlyMap<string, T>> {
  return (value, path) =>
    new Map(
      Object.entries(plainObject(value, path)).map(([key, each]) => [
        key,
        format(each, path === '' ? key : `${path}.${key}`),
      ]),
    );
}

/** An object with these fields; others, written by a newer release, are left out. */
export function objectOf<T extends object>(fields: { readonly [K in keyof T]: Format<T[K]> }): Format<T> {
  return (value, path) => {
    const source = plainObject(value, path);
    const result: Partial<T> = {};
    for (const name of Object.keys(fields) as (keyof T & string)[]) {
      result[name] = fields[name](source[name], path === '' ? name : `${path}.${name}`);
    }
    return result as T;
  };
}

/** Reads the JSON text stored under `key`. @throws MetadataRecordError */
export function readRecord<T>(key: string, json: string, format: Format<T>): T {
  try {
    return format(JSON.parse(json), '');
  } catch (error) {
    throw new MetadataRecordError(key, error instanceof Error ? error.message.trim() : String(error));
  }
}

function plainObject(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${path || 'the value'} must be an object`);
  }
  return value as Readonly<Record<string, unknown>>;
}
