/** JSON checked by JSON Schema for topics: `@ks/client/json-schema`, with `ajv` beside it. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { LocalReference, LocalSchema } from '../registry/local-schema.ts';
import {
  type RegistryOptions,
  registeredCodec,
  type SchemaFormat,
  type SchemaReader,
} from '../registry/registered-codec.ts';
import { PREFIX_BYTES } from '../registry/wire-format.ts';
import type { DataCodec, PlainCodec } from '../topic/data-codec.ts';

/** A JSON Schema, as parsed JSON. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** A schema that another names in a `$ref`. */
export interface JsonSchemaReference {
  /** As `$ref` has it. */
  readonly name: string;
  readonly schema: JsonSchema;
  /** Where it is registered. Default: the name. */
  readonly subject?: string | undefined;
  readonly references?: readonly JsonSchemaReference[] | undefined;
}

/** What checks: `ajv` of any draft, with formats and keywords of one's own. */
export type JsonSchemaValidator = Pick<Ajv, 'compile' | 'addSchema'>;

export interface JsonSchemaOptions {
  readonly references?: readonly JsonSchemaReference[] | undefined;
  /** Default: a new `Ajv` for the draft that `$schema` says (07, 2019-09 or 2020-12), which knows no formats and ignores them. */
  readonly ajv?: JsonSchemaValidator | undefined;
}

/**
 * Writes and reads JSON that a JSON Schema allows, both ways by the schema that is given here. With a registry, records begin with their
 * schema's id.
 *
 *     const orders = topic('orders', { codec: { value: jsonSchema<Order>(orderSchema, { registry }) } })
 *
 * Throws what `ajv` says of a schema that is none.
 */
export function jsonSchema<T = unknown>(schema: JsonSchema, options: JsonSchemaOptions & RegistryOptions): DataCodec<T>;
export function jsonSchema<T = unknown>(schema: JsonSchema, options?: JsonSchemaOptions): PlainCodec<T>;
export function jsonSchema<T>(
  schema: JsonSchema,
  options: JsonSchemaOptions & Partial<RegistryOptions> = {},
): DataCodec<T> {
  const { registry } = options;
  const format = new JsonSchemaFormat<T>(schema, options);
  if (registry !== undefined) return registeredCodec(format, { ...options, registry });
  return {
    name: format.name,
    encode: (data) => format.encode(data, 0),
    decode: (bytes) => format.decode(bytes),
  } satisfies PlainCodec<T>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class JsonSchemaFormat<T> implements SchemaFormat<T> {
  readonly name = 'json-schema';
  readonly schema: LocalSchema;
  readonly recordName: string | undefined;
  readonly #validate: ValidateFunction;

  constructor(schema: JsonSchema, { ajv = validatorFor(schema), references = [] }: JsonSchemaOptions) {
    const addAll = (all: readonly JsonSchemaReference[]): void => {
      for (const { name, schema: referred, references: inner = [] } of all) {
        addAll(inner);
        ajv.addSchema(referred, name);
      }
    };
    addAll(references);
    this.#validate = ajv.compile(schema);
    this.recordName = typeof schema['title'] === 'string' ? schema['title'] : undefined;
    this.schema = localSchema(schema, references);
  }

  encode(data: T, room: number): Uint8Array {
    const text = JSON.stringify(data);
    if (text === undefined) throw new TypeError(`JSON has no ${typeof data}`);
    // What is written is what must be valid: dates are text then, and what is undefined is not there.
    this.#check(isJson(data) ? data : JSON.parse(text));
    const bytes = new Uint8Array(room + encodedLength(text));
    encoder.encodeInto(text, bytes.subarray(room));
    return bytes;
  }

  decode(bytes: Uint8Array): T {
    const data: unknown = JSON.parse(decoder.decode(bytes));
    this.#check(data);
    return data as T;
  }

  reader(): SchemaReader<T> {
    return (bytes) => this.decode(bytes.subarray(PREFIX_BYTES));
  }

  #check(data: unknown): void {
    if (!this.#validate(data)) throw new TypeError(textOf(this.#validate.errors ?? []));
  }
}

function textOf(errors: readonly ErrorObject[]): string {
  return errors.map(({ instancePath, message = 'is invalid' }) => `${instancePath || 'it'} ${message}`).join('; ');
}

/** Whether the data is its own JSON, so that it need not be read back to be checked: no dates, nothing undefined. It has no circles. */
function isJson(data: unknown): boolean {
  switch (typeof data) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(data);
    case 'object':
      break;
    default:
      return false;
  }
  if (data === null) return true;
  if (Array.isArray(data)) return data.every(isJson);
  const prototype: unknown = Object.getPrototypeOf(data);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !('toJSON' in data) && Object.values(data).every(isJson);
}

function encodedLength(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

function localSchema(schema: JsonSchema, references: readonly JsonSchemaReference[]): LocalSchema {
  return {
    type: 'JSON',
    text: JSON.stringify(schema),
    references: references.map(({ name, subject, schema: referred, references: inner = [] }): LocalReference => {
      return { name, subject: subject ?? name, schema: localSchema(referred, inner) };
    }),
  };
}

/** Without formats, which are packages of their own; and silent about them. One error is enough: looking for all is work for an attacker. */
function validatorFor({ $schema }: JsonSchema): JsonSchemaValidator {
  const options = { strict: false, validateFormats: false, logger: false } as const;
  const draft = typeof $schema === 'string' ? $schema : '';
  if (draft.includes('2020-12')) return new Ajv2020(options);
  if (draft.includes('2019-09')) return new Ajv2019(options);
  return new Ajv(options);
}
