/** Protocol Buffers for topics: `@ks/client/protobuf`, with `@bufbuild/protobuf` beside it. */
import {
  clearField,
  clone,
  type DescFile,
  type DescMessage,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  FieldDescriptorProtoSchema,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import type { LocalReference, LocalSchema } from '../registry/local-schema.ts';
import {
  type RegistryOptions,
  registeredCodec,
  type SchemaFormat,
  type SchemaReader,
} from '../registry/registered-codec.ts';
import type { RegisteredSchema } from '../registry/schema.ts';
import { messageIndexBytes, PREFIX_BYTES, readMessageIndexes } from '../registry/wire-format.ts';
import type { DataCodec, PlainCodec } from '../topic/data-codec.ts';

export interface ProtobufOptions {
  /** Names the subject of a file that the message's own imports. Default: the file's name, as other clients do. */
  readonly referenceSubjectName?: ((fileName: string) => string) | undefined;
}

/**
 * Writes and reads Protobuf messages, whose type comes from the generated schema. With a registry, records begin with their schema's id and
 * the place of the message in its file.
 *
 *     const orders = topic('orders', { codec: { value: protobuf(OrderSchema, { registry }) } })
 */
export function protobuf<Desc extends DescMessage>(
  message: Desc,
  options: ProtobufOptions & RegistryOptions,
): DataCodec<MessageShape<Desc>>;
export function protobuf<Desc extends DescMessage>(
  message: Desc,
  options?: ProtobufOptions,
): PlainCodec<MessageShape<Desc>>;
export function protobuf<Desc extends DescMessage>(
  message: Desc,
  options: ProtobufOptions & Partial<RegistryOptions> = {},
): DataCodec<MessageShape<Desc>> {
  const { registry } = options;
  if (registry !== undefined) return registeredCodec(new ProtobufFormat(message, options), { ...options, registry });
  return {
    name: 'protobuf',
    encode: (data) => written(message, data),
    decode: (bytes) => fromBinary(message, bytes),
  } satisfies PlainCodec<MessageShape<Desc>>;
}

class ProtobufFormat<Desc extends DescMessage> implements SchemaFormat<MessageShape<Desc>> {
  readonly name = 'protobuf';
  readonly schema: LocalSchema;
  readonly recordName: string;
  readonly registryFormat = 'serialized';
  readonly #message: Desc;
  readonly #indexBytes: Uint8Array;

  constructor(message: Desc, { referenceSubjectName = (name) => name }: ProtobufOptions) {
    this.#message = message;
    this.recordName = message.typeName;
    this.#indexBytes = messageIndexBytes(messageIndexes(message));
    this.schema = schemaOf(message.file, referenceSubjectName);
  }

  encode(data: MessageShape<Desc>, room: number): Uint8Array {
    const message = written(this.#message, data);
    const bytes = new Uint8Array(room + this.#indexBytes.length + message.length);
    bytes.set(this.#indexBytes, room);
    bytes.set(message, room + this.#indexBytes.length);
    return bytes;
  }

  /** A record of another message is refused, where the registry gives the writer's schema in a form that names it. */
  reader(writer: RegisteredSchema): SchemaReader<MessageShape<Desc>> {
    const file = descriptorOf(writer.text);
    const message = this.#message;
    return (bytes) => {
      const { indexes, end } = readMessageIndexes(bytes, PREFIX_BYTES);
      const name = file === undefined ? undefined : nameAt(file, indexes);
      if (name !== undefined && name !== message.typeName)
        throw new TypeError(`it is a ${name}, not a ${message.typeName}`);
      return fromBinary(message, bytes.subarray(end));
    };
  }
}

/** `toBinary` takes what is no message at all for an empty one. */
function written<Desc extends DescMessage>(message: Desc, data: MessageShape<Desc>): Uint8Array {
  const name: unknown = (data as { readonly $typeName?: unknown } | null | undefined)?.$typeName;
  if (name === message.typeName) return toBinary(message, data);
  throw new TypeError(
    `it is ${name === undefined ? 'no message' : `a ${String(name)}`}: make one with create(…Schema) of ${message.typeName}`,
  );
}

/** The place of a message in its file, from the outermost in. Entries of maps count, which descriptors leave out. */
function messageIndexes({ proto, parent, file }: DescMessage): number[] {
  const siblings = parent === undefined ? file.proto.messageType : parent.proto.nestedType;
  const before = parent === undefined ? [] : messageIndexes(parent);
  return [...before, siblings.findIndex(({ name }) => name === proto.name)];
}

/** The full name of the message at a place; undefined where there is none, which is an error, or no names. */
function nameAt(file: FileDescriptorProto, indexes: readonly number[]): string {
  let name = file.package;
  let messages = file.messageType;
  for (const index of indexes) {
    const found = messages[index];
    if (found === undefined) throw new RangeError(`message ${indexes.join('.')}, which its schema does not have`);
    name = name === '' ? found.name : `${name}.${found.name}`;
    messages = found.nestedType;
  }
  return name;
}

/** A file and what it imports; what comes with Protobuf itself every registry has. */
function schemaOf(file: DescFile, subjectOf: (fileName: string) => string): LocalSchema {
  const references = file.dependencies
    .filter(({ proto }) => !proto.name.startsWith('google/protobuf/'))
    .map((imported): LocalReference => {
      const { name } = imported.proto;
      return { name, subject: subjectOf(name), schema: schemaOf(imported, subjectOf) };
    });
  const bytes = toBinary(FileDescriptorProtoSchema, asCompiled(file.proto));
  return { type: 'PROTOBUF', text: Buffer.from(bytes).toString('base64'), references };
}

/** Without the JSON names that follow from the fields' own: other clients leave them out, and the registry compares. */
function asCompiled(file: FileDescriptorProto): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, file);
  const strip = ({ field, nestedType }: DescriptorProto): void => {
    for (const one of field)
      if (one.jsonName === jsonNameOf(one.name)) clearField(one, FieldDescriptorProtoSchema.field.jsonName);
    for (const nested of nestedType) strip(nested);
  };
  for (const message of copy.messageType) strip(message);
  return copy;
}

/** `unit_price_2` is unitPrice2. */
function jsonNameOf(name: string): string {
  return name.replace(/_+(.?)/g, (_, next: string) => next.toUpperCase());
}

/** What base64 of a descriptor says; undefined for the text of a .proto file, which is not read here. */
function descriptorOf(text: string): FileDescriptorProto | undefined {
  if (!/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text)) return undefined;
  try {
    return fromBinary(FileDescriptorProtoSchema, Buffer.from(text, 'base64'));
  } catch {
    return undefined;
  }
}
