/** Stands before the payload: a byte 0 and the schema's id, int32. */
export const PREFIX_BYTES = 5;
const MAGIC = 0;

/** Writes the prefix into the first bytes of a record. */
export function writePrefix(bytes: Uint8Array, schemaId: number): void {
  bytes[0] = MAGIC;
  bytes[1] = schemaId >>> 24;
  bytes[2] = schemaId >>> 16;
  bytes[3] = schemaId >>> 8;
  bytes[4] = schemaId;
}

/** The schema id that a record begins with. Throws where it begins otherwise. */
export function readSchemaId(bytes: Uint8Array): number {
  if (bytes.length < PREFIX_BYTES) throw new RangeError(`${bytes.length} bytes are too few for a schema id`);
  if (bytes[0] !== MAGIC) {
    throw new RangeError(
      `it begins with byte ${bytes[0]}, not with 0 and a schema id: was it written without the registry?`,
    );
  }
  const [, a = 0, b = 0, c = 0, d = 0] = bytes;
  return (a << 24) | (b << 16) | (c << 8) | d;
}

/** Deeper nesting than this is nobody's message. */
const INDEXES_MAX = 64;

/**
 * Where a message stands in its Protobuf file: its place among the file's messages, then among those of the message around it, and so on.
 * Written as a count and that many numbers, zigzag; the first message of a file as a lone 0.
 */
export function messageIndexBytes(indexes: readonly number[]): Uint8Array {
  if (indexes.length === 1 && indexes[0] === 0) return Uint8Array.of(0);
  const bytes: number[] = [];
  for (const number of [indexes.length, ...indexes]) {
    let rest = number * 2;
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

export interface MessageIndexes {
  readonly indexes: readonly number[];
  /** Where the message begins. */
  readonly end: number;
}

/** Reads them from `at`. Throws where they cannot be. */
export function readMessageIndexes(bytes: Uint8Array, at: number): MessageIndexes {
  const count = readZigzag(bytes, at);
  if (count.value === 0) return { indexes: [0], end: count.end };
  if (count.value < 0 || count.value > INDEXES_MAX) throw new RangeError(`${count.value} message indexes`);
  const indexes: number[] = [];
  let { end } = count;
  for (let read = 0; read < count.value; read += 1) {
    const next = readZigzag(bytes, end);
    if (next.value < 0) throw new RangeError(`message index ${next.value}`);
    indexes.push(next.value);
    ({ end } = next);
  }
  return { indexes, end };
}

function readZigzag(bytes: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  let raw = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) throw new RangeError('it ends within its message indexes');
    raw += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value: raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2, end: at + index + 1 };
  }
  throw new RangeError('a message index of more than five bytes');
}
