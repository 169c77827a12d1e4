import { ProtocolError } from './protocol-error.ts';
import type { Splice, WirePiece } from './splice.ts';
import { uuidToBytes } from './uuid.ts';

/** Byte views up to this size are copied into the writer's own buffer: a piece of its own costs more. */
const copiedBytesMax = 1024;
const encoder = new TextEncoder();

/** Writes the protocol's types. Large byte views and splices are not copied: the result is a list of pieces. */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  /** Where the bytes begin that are not yet in `#pieces`. */
  #from = 0;
  #at = 0;
  #pieces: WirePiece[] = [];
  /** Bytes of all pieces. */
  #pieceBytes = 0;

  constructor(capacityBytes = 512) {
    this.#bytes = new Uint8Array(capacityBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Bytes written so far, spliced ones included. */
  get sizeBytes(): number {
    return this.#pieceBytes + this.#at - this.#from;
  }

  #reserve(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) this.#grow(length);
    this.#at = at + length;
    return at;
  }

  #grow(length: number): void {
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#at + length));
    // What is already in a piece is a view of the old buffer and stays right; the open part moves.
    grown.set(this.#bytes.subarray(this.#from, this.#at), this.#from);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }

  bool(value: boolean): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value ? 1 : 0;
  }
  int8(value: number): void {
    const at = this.#reserve(1);
    this.#view.setInt8(at, value);
  }
  int16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setInt16(at, value);
  }
  uint16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
  }
  int32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setInt32(at, value);
  }
  uint32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
  }
  /** A safe integer as 64 bits; any other number is refused. */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw new ProtocolError(`${value} is no safe integer`);
    const at = this.#reserve(8);
    const high = Math.floor(value / 4294967296);
    this.#view.setInt32(at, high);
    this.#view.setUint32(at + 4, value - high * 4294967296);
  }
  int64Exact(value: bigint): void {
    const at = this.#reserve(8);
    this.#view.setBigInt64(at, value);
  }
  float64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value);
  }
  uuid(value: string): void {
    const at = this.#reserve(16);
    if (!uuidToBytes(value, this.#bytes, at))
      throw new ProtocolError(`${JSON.stringify(value)} is no UUID of 22 base64url characters`);
  }
  uvarint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.uint8((rest & 127) | 128);
      rest >>>= 7;
    }
    this.uint8(rest);
  }
  uint8(value: number): void {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  /** Text behind a length prefix of `prefixBytes` (2: int16, 0: compact). */
  #text(value: string, compact: boolean): void {
    const length = utf8Length(value);
    if (compact) this.uvarint(length + 1);
    else if (length > 32767) throw new ProtocolError(`a string of ${length} bytes is longer than 32767`);
    else this.int16(length);
    const at = this.#reserve(length);
    if (length === value.length && length <= 64)
      for (let index = 0; index < length; index++) this.#bytes[at + index] = value.charCodeAt(index);
    else encoder.encodeInto(value, this.#bytes.subarray(at, at + length));
  }
  string(value: string): void {
    this.#text(value, false);
  }
  nullableString(value: string | null): void {
    if (value === null) this.int16(-1);
    else this.#text(value, false);
  }
  compactString(value: string): void {
    this.#text(value, true);
  }
  compactNullableString(value: string | null): void {
    if (value === null) this.uint8(0);
    else this.#text(value, true);
  }

  #raw(value: WirePiece): void {
    if (value instanceof Uint8Array && value.length <= copiedBytesMax) {
      const at = this.#reserve(value.length);
      this.#bytes.set(value, at);
      return;
    }
    this.#endPiece();
    this.#pieces.push(value);
    this.#pieceBytes += sizeOf(value);
  }
  #endPiece(): void {
    if (this.#at > this.#from) {
      this.#pieces.push(this.#bytes.subarray(this.#from, this.#at));
      this.#pieceBytes += this.#at - this.#from;
    }
    this.#from = this.#at;
  }
  bytes32(value: Uint8Array | Splice): void {
    this.int32(sizeOf(value));
    this.#raw(value);
  }
  nullableBytes32(value: Uint8Array | Splice | null): void {
    if (value === null) this.int32(-1);
    else this.bytes32(value);
  }
  compactBytes(value: Uint8Array | Splice): void {
    this.uvarint(sizeOf(value) + 1);
    this.#raw(value);
  }
  compactNullableBytes(value: Uint8Array | Splice | null): void {
    if (value === null) this.uint8(0);
    else this.compactBytes(value);
  }

  /** Length of an array, -1 for null. */
  arrayLength(length: number): void {
    this.int32(length);
  }
  compactArrayLength(length: number): void {
    this.uvarint(length + 1);
  }

  /** Writes a tagged field: its tag, its size, and what `write` puts in it. */
  tagged(tag: number, write: (writer: Writer) => void): void {
    const inner = new Writer(128);
    write(inner);
    this.uvarint(tag);
    this.uvarint(inner.sizeBytes);
    for (const piece of inner.finish()) this.#raw(piece);
  }

  /** Everything written, in order. The writer starts empty again; the pieces stay as they are. */
  finish(): readonly WirePiece[] {
    this.#endPiece();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#pieceBytes = 0;
    // The rest of the buffer serves the next message.
    if (this.#bytes.length - this.#at < 64) {
      this.#bytes = new Uint8Array(Math.max(512, this.#bytes.length));
      this.#view = new DataView(this.#bytes.buffer);
      this.#at = 0;
      this.#from = 0;
    }
    return pieces;
  }

  /** Overwrites four bytes at the start of what was written, which must still be in the first piece. */
  static patchInt32(piece: Uint8Array, value: number): void {
    new DataView(piece.buffer, piece.byteOffset, 4).setInt32(0, value);
  }
}

function sizeOf(value: WirePiece): number {
  return value instanceof Uint8Array ? value.length : value.sizeBytes;
}

/** Bytes of a string in UTF-8; a lone surrogate counts as the replacement character that it is written as. */
function utf8Length(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    if (code < 0x800) length += 1;
    else {
      length += 2;
      if (code >= 0xd800 && code < 0xdc00) {
        const next = text.charCodeAt(index + 1);
        if (next >= 0xdc00 && next < 0xe000) index++;
      }
    }
  }
  return length;
}
