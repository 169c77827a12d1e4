import { asKafkaError } from '../kafka-error.ts';
import type { CodecContext, DataCodec } from '../topic/data-codec.ts';
import { type LocalSchema, type Registration, settleSchema } from './local-schema.ts';
import type { RegisteredSchema } from './schema.ts';
import type { SchemaRegistry } from './schema-registry.ts';
import { SchemaRegistryError } from './schema-registry-error.ts';
import { SharedCache } from './shared-cache.ts';
import { type SubjectNameStrategy, topicNameStrategy } from './subject-name.ts';
import { PREFIX_BYTES, readSchemaId, writePrefix } from './wire-format.ts';

/** How a codec uses a registry. */
export interface RegistryOptions {
  readonly registry: SchemaRegistry;
  /** Default: `topicNameStrategy`. */
  readonly subjectName?: SubjectNameStrategy | undefined;
  /** `register` (the default) puts the schema there at its first use, `lookUp` takes it only where it is already. */
  readonly registration?: Registration | undefined;
  /** Whether the registry compares schemas by meaning, not by their text. Default false. */
  readonly normalize?: boolean | undefined;
}

/** Reads a record, prefix included, that was written with one schema. */
export type SchemaReader<T> = (bytes: Uint8Array) => T;

/** What a schema language brings to a codec of a registry. */
export interface SchemaFormat<T> {
  /** The codec's name. */
  readonly name: string;
  readonly schema: LocalSchema;
  /** The full name of the type, for subjects. */
  readonly recordName: string | undefined;
  /** The data's bytes behind `room` free ones. */
  encode(data: T, room: number): Uint8Array;
  /** How the registry shall give schemas, where it is not as they were registered. */
  readonly registryFormat?: string | undefined;
  /** How records written with `writer` are read as the type of this program. Throws where that cannot be. */
  reader(writer: RegisteredSchema, registry: SchemaRegistry): SchemaReader<T> | Promise<SchemaReader<T>>;
}

const IDS_MAX = 10_000;
const READERS_MAX = 1000;

/** A codec whose records begin with the id of the schema that they were written with. */
export function registeredCodec<T>(format: SchemaFormat<T>, options: RegistryOptions): DataCodec<T> {
  const { registry, subjectName = topicNameStrategy, registration = 'register', normalize = false } = options;
  const { name, recordName, schema } = format;
  const ids = { key: new SharedCache<string, number>(IDS_MAX), value: new SharedCache<string, number>(IDS_MAX) };
  const readers = new SharedCache<number, SchemaReader<T>>(READERS_MAX);

  const idFor = ({ topic, side }: CodecContext): number | Promise<number> =>
    ids[side].get(topic, async () =>
      settleSchema(registry, subjectName({ topic, side, recordName }), schema, { registration, normalize }),
    );
  const readerOf = async (id: number): Promise<SchemaReader<T>> => {
    const writer = await schemaOf(registry, id, format.registryFormat);
    if (writer.type !== schema.type) throw new TypeError(`it was written as ${writer.type}, with schema ${id}`);
    return format.reader(writer, registry);
  };

  return {
    name,
    isAsync: true,
    encode(data, context) {
      // Encoded now, whatever has to be waited for: the data may be another by then.
      const bytes = format.encode(data, PREFIX_BYTES);
      const id = ids[context.side].peek(context.topic) ?? idFor(context);
      return id instanceof Promise ? id.then((settled) => prefixed(bytes, settled)) : prefixed(bytes, id);
    },
    decode(bytes) {
      const id = readSchemaId(bytes);
      const reader = readers.peek(id) ?? readers.get(id, () => readerOf(id));
      return reader instanceof Promise ? reader.then((settled) => settled(bytes)) : reader(bytes);
    },
  };
}

function prefixed(bytes: Uint8Array, id: number): Uint8Array {
  writePrefix(bytes, id);
  return bytes;
}

/** An id that the registry does not know is the record's fault; a registry that does not answer is not. */
async function schemaOf(registry: SchemaRegistry, id: number, format: string | undefined): Promise<RegisteredSchema> {
  try {
    return await registry.schema(id, { format });
  } catch (error) {
    const failure = asKafkaError(error);
    if (!(failure instanceof SchemaRegistryError) || failure.status !== 404) throw failure;
    throw new RangeError(`the registry knows no schema ${id}`, { cause: failure });
  }
}
