import { ProtocolError } from './protocol-error.ts';
import { uuidFromBytes } from './uuid.ts';

/** No array may claim more elements than this (Kafka 4.4's own limit). */
const arrayLengthMax = 1_000_000;
const taggedFieldsMax = 10_000;
/** Elements that an array gets room for before they were read (Kafka 4.4's own limit). */
export const INITIAL_CAPACITY_MAX = 1_000;
/** Text this short is decoded here: a call into the runtime costs more than its characters. */
const shortText = 8;

/**
 * Reads the protocol's types from bytes. Every guard of the decoder lives here: nothing is read beyond the end, and no length
 * is trusted before it was compared with the bytes that are left. Each failure is a `ProtocolError`.
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  /** The bytes again, made when the first longer text is read. */
  #buffer: Buffer | undefined;
  /** Exclusive end of what may be read: the end of the bytes, or of the tagged field that is being read. */
  #end: number;
  /** Position of the next byte. */
  position: number;

  constructor(bytes: Uint8Array, position = 0) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.byteLength;
    this.position = position;
  }

  /** Bytes that are left. */
  get remaining(): number {
    return this.#end - this.position;
  }

  #take(length: number): number {
    const at = this.position;
    if (length > this.#end - at) throw new ProtocolError(`${length} bytes wanted, ${this.#end - at} left`, at);
    this.position = at + length;
    return at;
  }

  bool(): boolean {
    return this.#view.getInt8(this.#take(1)) !== 0;
  }
  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }
  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }
  uint16(): number {
    return this.#view.getUint16(this.#take(2));
  }
  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }
  uint32(): number {
    return this.#view.getUint32(this.#take(4));
  }
  /** Saturates at the safe integers, so that an absurd offset stays out of range instead of being rounded into it. */
  int64(): number {
    const at = this.#take(8);
    const value = this.#view.getInt32(at) * 4294967296 + this.#view.getUint32(at + 4);
    if (value > Number.MAX_SAFE_INTEGER) return Number.MAX_SAFE_INTEGER;
    return Math.max(value, Number.MIN_SAFE_INTEGER);
  }
  int64Exact(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }
  float64(): number {
    return this.#view.getFloat64(this.#take(8));
  }
  uuid(): string {
    return uuidFromBytes(this.bytes, this.#take(16));
  }

  /** An unsigned varint of at most 32 bits in at most 5 bytes. */
  uvarint(): number {
    const start = this.position;
    const first = this.#view.getUint8(this.#take(1));
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.#view.getUint8(this.#take(1));
      if (shift === 28 && byte > 15) break;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new ProtocolError('a varint is longer than 32 bits', start);
  }

  #text(length: number): string {
    const at = this.#take(length);
    if (length <= shortText) {
      let text = '';
      let index = at;
      for (const end = at + length; index < end; index++) {
        const byte = this.bytes[index] ?? 0;
        if (byte > 127) break;
        text += String.fromCharCode(byte);
      }
      if (index === at + length) return text;
    }
    const { bytes } = this;
    this.#buffer ??= bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // As Kafka does: bytes that are not UTF-8 become replacement characters, never an error. A byte order mark stays.
    return this.#buffer.toString('utf8', at, at + length);
  }
  #length(length: number, what: string): number {
    if (length < 0) throw new ProtocolError(`${what} has the length ${length}`, this.position);
    return length;
  }
  string(): string {
    return this.#text(this.#length(this.int16(), 'a string'));
  }
  nullableString(): string | null {
    const length = this.int16();
    return length === -1 ? null : this.#text(this.#length(length, 'a string'));
  }
  compactString(): string {
    return this.#text(this.#length(this.uvarint() - 1, 'a string'));
  }
  compactNullableString(): string | null {
    const length = this.uvarint();
    return length === 0 ? null : this.#text(length - 1);
  }

  #view8(length: number): Uint8Array {
    const at = this.#take(length);
    return this.bytes.subarray(at, at + length);
  }
  /** A view of the input, not a copy. */
  bytes32(): Uint8Array {
    return this.#view8(this.#length(this.int32(), 'bytes'));
  }
  nullableBytes32(): Uint8Array | null {
    const length = this.int32();
    return length === -1 ? null : this.#view8(this.#length(length, 'bytes'));
  }
  compactBytes(): Uint8Array {
    return this.#view8(this.#length(this.uvarint() - 1, 'bytes'));
  }
  compactNullableBytes(): Uint8Array | null {
    const length = this.uvarint();
    return length === 0 ? null : this.#view8(length - 1);
  }

  #arrayLength(length: number, elementBytes: number): number {
    if (length < 0) throw new ProtocolError(`an array has the length ${length}`, this.position);
    if (length > arrayLengthMax || length * elementBytes > this.remaining) {
      throw new ProtocolError(`an array claims ${length} elements, ${this.remaining} bytes are left`, this.position);
    }
    return length;
  }
  /** Length of an array whose elements take at least `elementBytes` each. */
  arrayLength(elementBytes: number): number {
    return this.#arrayLength(this.int32(), elementBytes);
  }
  /** The same, -1 for null. */
  nullableArrayLength(elementBytes: number): number {
    const length = this.int32();
    return length === -1 ? -1 : this.#arrayLength(length, elementBytes);
  }
  compactArrayLength(elementBytes: number): number {
    return this.#arrayLength(this.uvarint() - 1, elementBytes);
  }
  compactNullableArrayLength(elementBytes: number): number {
    const length = this.uvarint();
    return length === 0 ? -1 : this.#arrayLength(length - 1, elementBytes);
  }

  /** How many tagged fields follow. */
  tagCount(): number {
    const count = this.uvarint();
    if (count > taggedFieldsMax) throw new ProtocolError(`${count} tagged fields`, this.position);
    return count;
  }
  /** Reads a tagged field's size and keeps what follows inside it; hand the result to `endTag`. */
  beginTag(): number {
    const size = this.uvarint();
    if (size > this.remaining)
      throw new ProtocolError(`a tagged field of ${size} bytes, ${this.remaining} left`, this.position);
    const outer = this.#end;
    this.#end = this.position + size;
    return outer;
  }
  /** Goes behind the tagged field, whatever of it was read. */
  endTag(outer: number): void {
    this.position = this.#end;
    this.#end = outer;
  }
  /** Passes over a whole section of tagged fields. */
  skipTags(): void {
    for (let count = this.tagCount(); count > 0; count--) {
      this.uvarint();
      this.endTag(this.beginTag());
    }
  }
}
