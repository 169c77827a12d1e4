import { ProtocolError } from '../wire/protocol-error.ts';
import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import { compile } from './compile.ts';
import { type Decoded, type Encodable, type Fields, type Spec, struct } from './field.ts';

/** Bytes of one version of a message, both ways. Both throw `ProtocolError` naming the message. */
export interface MessageCodec<In, Out> {
  encode(writer: Writer, value: In): void;
  decode(reader: Reader): Out;
}

/** The schema of a message in all its versions. */
export interface Message<In, Out> {
  /** Kafka's name, such as `ProduceRequest`. */
  readonly name: string;
  readonly versions: { readonly min: number; readonly max: number };
  /** The first version in the compact encoding with tagged fields; `NEVER` if none is. */
  readonly flexibleSince: number;
  readonly spec: Spec;
  /** The codec of a version, compiled at its first use. Throws `ProtocolError` for a version that does not exist. */
  codec(version: number): MessageCodec<In, Out>;
}

/** Declares a message. */
export function message<F extends Fields>(
  name: string,
  versions: readonly [min: number, max: number],
  flexibleSince: number,
  fields: F,
): Message<Encodable<F>, Decoded<F>> {
  const [min, max] = versions;
  const { spec } = struct(fields);
  const codecs: MessageCodec<Encodable<F>, Decoded<F>>[] = [];
  return {
    name,
    versions: { min, max },
    flexibleSince,
    spec,
    codec(version) {
      const known = codecs[version];
      if (known !== undefined) return known;
      if (!Number.isInteger(version) || version < min || version > max)
        throw new ProtocolError(`no such version, known are ${min} to ${max}`, -1, name, version);
      const made = named<Encodable<F>, Decoded<F>>(
        name,
        version,
        compile(name, spec, version, version >= flexibleSince),
      );
      codecs[version] = made;
      return made;
    },
  };
}

/** Puts the message's name into what its codec throws. */
function named<In, Out>(name: string, version: number, codec: MessageCodec<unknown, unknown>): MessageCodec<In, Out> {
  return {
    encode(writer, value) {
      try {
        codec.encode(writer, value);
      } catch (error) {
        throw error instanceof ProtocolError ? error.within(name, version) : error;
      }
    },
    decode(reader) {
      try {
        // The compiler emits exactly the fields that `Decoded` lists.
        return codec.decode(reader) as Out;
      } catch (error) {
        throw error instanceof ProtocolError ? error.within(name, version) : error;
      }
    },
  };
}

/** The codec of a message's version. */
export function codecOf<In, Out>(of: Message<In, Out>, version: number): MessageCodec<In, Out> {
  return of.codec(version);
}
