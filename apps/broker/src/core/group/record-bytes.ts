import { codecOf, joinFrame, type Message, Reader, Writer } from '@ks/protocol';

/** A record's bytes. */
export interface KeyAndValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
}

/** A prefix (record type, or value version) and the message's fields. */
export function messageBytes<In, Out>(
  message: Message<In, Out>,
  prefix: number,
  version: number,
  value: In,
): Uint8Array {
  const writer = new Writer();
  writer.int16(prefix);
  codecOf(message, version).encode(writer, value);
  return joinFrame(writer.finish());
}

/** The message of a value that begins with its version; undefined for a version of a newer release. */
export function versionedMessage<In, Out>(message: Message<In, Out>, bytes: Uint8Array): Out | undefined {
  const reader = new Reader(bytes);
  const version = reader.int16();
  if (version < message.versions.min || version > message.versions.max) return undefined;
  return codecOf(message, version).decode(reader);
}
