import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import type { RawCodec } from './compile.ts';
import { defaultOf, isDefault } from './default-value.ts';
import { inVersion, isNullable, isTagged, type Spec } from './field.ts';
import { arrayLengthMethod, methodName } from './method-name.ts';
import { elementBytesMin } from './minimum-size.ts';
import { refuseNull, refuseToDrop } from './refusals.ts';

type Read = (reader: Reader) => unknown;
type Write = (writer: Writer, value: unknown) => void;
type Codec = { readonly read: Read; readonly write: Write };
type Call = (...args: unknown[]) => unknown;

/** What `compileSource` does, as closures, for hosts that forbid the making of functions from text. */
export function closures(spec: Spec, version: number, flexible: boolean): RawCodec {
  const { read, write } = structure(spec, version, flexible);
  return { decode: read, encode: write };
}

function codec(spec: Spec, version: number, flexible: boolean): Codec {
  if (spec.kind === 'struct')
    return isNullable(spec, version)
      ? nullable(structure(spec, version, flexible), isTagged(spec, version))
      : structure(spec, version, flexible);
  if (spec.kind === 'array' && spec.element !== undefined) return arrayOf(spec, spec.element, version, flexible);
  const method = methodName(spec, version, flexible);
  const mayBeNull = isNullable(spec, version);
  return {
    read: (reader) => call(reader, method),
    write: (writer, value) => {
      if (value === null && !mayBeNull) refuseNull();
      call(writer, method, value);
    },
  };
}

/** Calls a method of the reader or writer by the name that the schema gives. */
function call(on: object, method: string, ...args: unknown[]): unknown {
  return (Reflect.get(on, method) as Call).apply(on, args);
}

function nullable(inner: Codec, tagged: boolean): Codec {
  return {
    // A byte below 0 marks null, in a tagged field a varint of 0.
    read: (reader) => ((tagged ? reader.uvarint() > 0 : reader.int8() >= 0) ? inner.read(reader) : null),
    write: (writer, value) => {
      if (tagged) writer.uvarint(value === null ? 0 : 1);
      else writer.int8(value === null ? -1 : 1);
      if (value !== null) inner.write(writer, value);
    },
  };
}

function arrayOf(spec: Spec, element: Spec, version: number, flexible: boolean): Codec {
  const inner = codec(element, version, flexible);
  const method = arrayLengthMethod(spec, version, flexible);
  const elementBytes = elementBytesMin(element, version, flexible);
  const mayBeNull = isNullable(spec, version);
  return {
    read: (reader) => {
      const length = Number(call(reader, method, elementBytes));
      if (length < 0) return null;
      const elements: unknown[] = [];
      for (let index = 0; index < length; index++) elements.push(inner.read(reader));
      return elements;
    },
    write: (writer, value) => {
      if (value === null && !mayBeNull) refuseNull();
      const elements = value === null ? undefined : (value as readonly unknown[]);
      const length = elements === undefined ? -1 : elements.length;
      if (flexible) writer.compactArrayLength(length);
      else writer.arrayLength(length);
      for (const one of elements ?? []) inner.write(writer, one);
    },
  };
}

function structure(spec: Spec, version: number, flexible: boolean): Codec {
  const fields = (spec.fields ?? []).map(([name, field]) => ({ name, field, codec: codec(field, version, flexible) }));
  const body = fields.filter(({ field }) => inVersion(field, version) && !isTagged(field, version));
  const tagged = fields
    .filter(({ field }) => inVersion(field, version) && isTagged(field, version))
    .sort((a, b) => a.field.tag - b.field.tag);
  const absent = fields.filter(({ field }) => !inVersion(field, version));
  return {
    read(reader) {
      const read = new Map<string, unknown>();
      for (const one of body) read.set(one.name, one.codec.read(reader));
      if (flexible) {
        for (let count = reader.tagCount(); count > 0; count--) {
          const tag = reader.uvarint();
          const outer = reader.beginTag();
          const known = tagged.find(({ field }) => field.tag === tag);
          if (known !== undefined) read.set(known.name, known.codec.read(reader));
          reader.endTag(outer);
        }
      }
      return Object.fromEntries(
        fields.map(({ name, field }) => [name, read.has(name) ? read.get(name) : defaultOf(field)]),
      );
    },
    write(writer, value) {
      const given = (name: string): unknown => Reflect.get(value as object, name);
      for (const { name, field } of absent) if (!field.ignorable && !isDefault(field, given(name))) refuseToDrop(name);
      for (const one of body)
        one.codec.write(writer, given(one.name) === undefined ? defaultOf(one.field) : given(one.name));
      if (!flexible) return;
      const present = tagged.filter(({ name, field }) => !isDefault(field, given(name)));
      writer.uvarint(present.length);
      for (const one of present) {
        const begin = writer.beginTagged(one.field.tag);
        one.codec.write(writer, given(one.name));
        writer.endTagged(begin);
      }
    },
  };
}
