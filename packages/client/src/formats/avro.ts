/** Avro for topics: `@ks/client/avro`, with `avsc` beside it. */
import avsc, { type Schema as AvscSchema, type Type } from 'avsc';
import type { LocalReference, LocalSchema } from '../registry/local-schema.ts';
import { type RegistryOptions, registeredCodec, type SchemaFormat } from '../registry/registered-codec.ts';
import { referredSchemas } from '../registry/local-schema.ts';
import { PREFIX_BYTES } from '../registry/wire-format.ts';
import type { DataCodec, PlainCodec } from '../topic/data-codec.ts';
import { avroBounds } from './avro-bounds.ts';
import { bigintLong, safeLong } from './avro-longs.ts';

/** A schema as parsed JSON, or as `avsc` has it. */
export type AvroSchema = Exclude<AvscSchema, Type>;

/** A type that a schema names and does not define. */
export interface AvroReference {
  readonly schema: AvroSchema;
  /** Where it is registered. Default: the type's full name. */
  readonly subject?: string | undefined;
  /** What it names in turn. */
  readonly references?: readonly AvroReference[] | undefined;
}

export interface AvroOptions {
  /** Types that the schema names and does not define. */
  readonly references?: readonly AvroReference[] | undefined;
  /** What a `long` is: a number (the default), where one beyond 2^53 is refused, not rounded; or always a bigint. */
  readonly longs?: 'number' | 'bigint' | undefined;
  /** Whether a union's value says its branch, as `{ string: 'a' }`. Default `auto`: only where the branches cannot be told apart. */
  readonly wrapUnions?: 'auto' | 'always' | 'never' | undefined;
  /** Logical types, as `avsc` has them. Without them they are read as what they are made of. */
  readonly logicalTypes?: { readonly [name: string]: LogicalTypeClass } | undefined;
}

type LogicalTypeClass = NonNullable<NonNullable<Parameters<typeof avsc.Type.forSchema>[1]>['logicalTypes']>[string];

/**
 * Writes and reads Avro. With a registry, records begin with their schema's id, and are read with the schema that they were written with,
 * resolved to this one; without, they are the bare binary form, and what reads them must have the very same schema.
 *
 *     const orders = topic('orders', { codec: { value: avro<Order>(orderSchema, { registry }) } })
 *
 * Throws what `avsc` says of a schema that is none.
 */
export function avro<T = unknown>(schema: AvroSchema, options: AvroOptions & RegistryOptions): DataCodec<T>;
export function avro<T = unknown>(schema: AvroSchema, options?: AvroOptions): PlainCodec<T>;
export function avro<T>(schema: AvroSchema, options: AvroOptions & Partial<RegistryOptions> = {}): DataCodec<T> {
  const { registry } = options;
  const format = new AvroFormat<T>(schema, options);
  if (registry !== undefined) return registeredCodec(format, { ...options, registry });
  const read = format.readerOf(format.type, 0);
  return { name: 'avro', encode: (data) => format.encode(data, 0), decode: read } satisfies PlainCodec<T>;
}

const SCRATCH_BYTES = 4096;
/** What is larger is not kept for the next. */
const SCRATCH_BYTES_MAX = 1024 * 1024;

class AvroFormat<T> implements SchemaFormat<T> {
  readonly name = 'avro';
  readonly schema: LocalSchema;
  readonly type: Type;
  readonly #options: AvroOptions;
  /** Where data is written first, since its size is not known. */
  #scratch = Buffer.allocUnsafe(SCRATCH_BYTES);

  constructor(schema: AvroSchema, options: AvroOptions) {
    this.#options = options;
    const known = this.#names();
    const references = this.#define(options.references ?? [], known);
    this.type = this.#parse(schema, known);
    this.schema = { type: 'AVRO', text: JSON.stringify(schema), references };
  }

  get recordName(): string | undefined {
    return this.type.name;
  }

  encode(data: T, room: number): Uint8Array {
    try {
      for (;;) {
        const end = this.type.encode(data, this.#scratch, room);
        if (end >= 0) {
          const bytes = new Uint8Array(this.#scratch.subarray(0, end));
          if (end > SCRATCH_BYTES_MAX) this.#scratch = Buffer.allocUnsafe(SCRATCH_BYTES);
          return bytes;
        }
        // It says how many bytes are missing.
        this.#scratch = Buffer.allocUnsafe(2 * (this.#scratch.length - end));
      }
    } catch (error) {
      throw this.#explained(data, error);
    }
  }

  async reader(
    writer: Parameters<SchemaFormat<T>['reader']>[0],
    registry: Parameters<SchemaFormat<T>['reader']>[1],
  ): Promise<(bytes: Uint8Array) => T> {
    const known = this.#names();
    for (const { schema } of await referredSchemas(registry, writer)) this.#parse(JSON.parse(schema.text), known);
    return this.readerOf(this.#parse(JSON.parse(writer.text), known), PREFIX_BYTES);
  }

  /** Reads what was written with `writer`, from `from` on. Throws where that cannot become this type. */
  readerOf(writer: Type, from: number): (bytes: Uint8Array) => T {
    const { type } = this;
    // Of one form although perhaps of another text, such as one that the registry has set anew.
    const resolver = writer.equals(type) ? undefined : type.createResolver(writer);
    const checkBounds = avroBounds(writer);
    return (bytes) => {
      checkBounds?.(bytes, from);
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + from, bytes.length - from);
      return type.fromBuffer(buffer, resolver);
    };
  }

  #parse(schema: AvroSchema, known: Record<string, Type>): Type {
    const { wrapUnions = 'auto', logicalTypes = {} } = this.#options;
    const all = { ...logicalTypes };
    return avsc.Type.forSchema(schema, { registry: known, wrapUnions, logicalTypes: all, omitRecordMethods: true });
  }

  /** Types by name, to begin with. */
  #names(): Record<string, Type> {
    return { long: this.#options.longs === 'bigint' ? bigintLong : safeLong };
  }

  #define(references: readonly AvroReference[], known: Record<string, Type>): LocalReference[] {
    return references.map(({ schema, subject, references: inner = [] }) => {
      const innerReferences = this.#define(inner, known);
      const { name } = this.#parse(schema, known);
      if (name === undefined)
        throw new TypeError('a type that is referred to has a name: a record, an enum or a fixed');
      const text = JSON.stringify(schema);
      return { name, subject: subject ?? name, schema: { type: 'AVRO', text, references: innerReferences } };
    });
  }

  /** Says which fields are wrong, which the first error alone does not. */
  #explained(data: T, error: unknown): unknown {
    const wrong: string[] = [];
    const errorHook = (path: string[], _: unknown, type: Type): void => {
      if (wrong.length < 5)
        wrong.push(`${path.join('.') || 'it'} is no ${type.name ?? type.typeName.replace('abstract:', '')}`);
    };
    if (this.type.isValid(data, { errorHook }) || wrong.length === 0) return error;
    return new TypeError(wrong.join('; '), { cause: error });
  }
}
