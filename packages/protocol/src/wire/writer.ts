import { ProtocolError } from './protocol-error.ts';
import { pieceSizeBytes, type WirePiece } from './splice.ts';
import { uuidToBytes } from './uuid.ts';

/** Byte views up to this size are copied into the writer's own chunk: a piece of its own costs more. */
const COPIED_BYTES_MAX = 1024;
/** The old encoding of a string has an int16 length. */
const STRING_BYTES_MAX = 32_767;
/** Text this short is written here: a call into the runtime costs more than its characters. */
const SHORT_TEXT = 48;
const UVARINT_BYTES_MAX = 5;

/**
 * Writes the protocol's types. Large byte views and splices are not copied: the result is a list of pieces.
 *
 * Small things go into a chunk that serves one message after the other. What `finish` has given away is never written again, so a
 * message may wait in a socket's queue while the next is being written. A number that does not fit its field throws
 * `ProtocolError`; it is never cut.
 */
export class Writer {
  #chunk: Buffer;
  #view: DataView;
  readonly #chunkBytes: number;
  /** Where the bytes begin that are not yet in `#pieces`. */
  #from = 0;
  #at = 0;
  #pieces: WirePiece[] = [];
  /** Bytes of all pieces. */
  #pieceBytes = 0;
  /** How many tagged fields are open: inside them everything is copied, for their size is known last. */
  #tagDepth = 0;

  constructor(chunkBytes = 512) {
    this.#chunkBytes = chunkBytes;
    this.#chunk = Buffer.allocUnsafeSlow(chunkBytes);
    this.#view = new DataView(this.#chunk.buffer);
  }

  /** Bytes written since the last `finish`, spliced ones included. */
  get sizeBytes(): number {
    return this.#pieceBytes + this.#at - this.#from;
  }

  bool(value: boolean): void {
    const at = this.#reserve(1);
    this.#view.setInt8(at, value ? 1 : 0);
  }
  int8(value: number): void {
    if ((value << 24) >> 24 !== value) throw unfit('int8', value);
    const at = this.#reserve(1);
    this.#view.setInt8(at, value);
  }
  int16(value: number): void {
    if ((value << 16) >> 16 !== value) throw unfit('int16', value);
    const at = this.#reserve(2);
    this.#view.setInt16(at, value);
  }
  uint16(value: number): void {
    if ((value & 0xffff) !== value) throw unfit('uint16', value);
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
  }
  int32(value: number): void {
    if ((value | 0) !== value) throw unfit('int32', value);
    const at = this.#reserve(4);
    this.#view.setInt32(at, value);
  }
  uint32(value: number): void {
    if (value >>> 0 !== value) throw unfit('uint32', value);
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
  }
  /** A safe integer as 64 bits; any other number is refused. */
  int64(value: number): void {
    if (!Number.isSafeInteger(value)) throw unfit('int64', value);
    const at = this.#reserve(8);
    const high = Math.floor(value / 4294967296);
    this.#view.setInt32(at, high);
    this.#view.setUint32(at + 4, value - high * 4294967296);
  }
  int64Exact(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) throw unfit('int64', value);
    const at = this.#reserve(8);
    this.#view.setBigInt64(at, value);
  }
  float64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value);
  }
  uuid(value: string): void {
    const at = this.#reserve(16);
    if (!uuidToBytes(value, this.#chunk, at)) throw unfit('UUID of 22 base64url characters', value);
  }
  /** An unsigned varint of at most 32 bits. */
  uvarint(value: number): void {
    if (value >>> 0 !== value) throw unfit('uvarint', value);
    const at = this.#reserve(UVARINT_BYTES_MAX);
    this.#at = putUvarint(this.#chunk, at, value);
  }

  string(value: string): void {
    if (this.#shortText(value, false)) return;
    const length = Buffer.byteLength(value);
    if (length > STRING_BYTES_MAX) throw new ProtocolError(`a string of ${length} bytes is longer than 32767`);
    this.int16(length);
    this.#longText(value, length);
  }
  nullableString(value: string | null): void {
    if (value === null) this.int16(-1);
    else this.string(value);
  }
  compactString(value: string): void {
    if (this.#shortText(value, true)) return;
    const length = Buffer.byteLength(value);
    this.uvarint(length + 1);
    this.#longText(value, length);
  }
  compactNullableString(value: string | null): void {
    if (value === null) this.uvarint(0);
    else this.compactString(value);
  }

  bytes32(value: WirePiece): void {
    this.int32(pieceSizeBytes(value));
    this.#raw(value);
  }
  nullableBytes32(value: WirePiece | null): void {
    if (value === null) this.int32(-1);
    else this.bytes32(value);
  }
  compactBytes(value: WirePiece): void {
    this.uvarint(pieceSizeBytes(value) + 1);
    this.#raw(value);
  }
  compactNullableBytes(value: WirePiece | null): void {
    if (value === null) this.uvarint(0);
    else this.compactBytes(value);
  }

  /** Length of an array, -1 for null. */
  arrayLength(length: number): void {
    this.int32(length);
  }
  compactArrayLength(length: number): void {
    this.uvarint(length + 1);
  }

  /** Writes a tag and leaves room for its field's size; hand the result to `endTagged`. */
  beginTagged(tag: number): number {
    this.uvarint(tag);
    this.#tagDepth++;
    return this.#reserve(1) - this.#from;
  }
  /** Fills in the size of what was written since `beginTagged`. A size of more than one byte moves it up; that is rare. */
  endTagged(begin: number): void {
    this.#tagDepth--;
    const size = this.#at - (this.#from + begin) - 1;
    const extra = uvarintBytes(size) - 1;
    if (extra > 0) {
      this.#reserve(extra);
      const data = this.#from + begin + 1;
      this.#chunk.copyWithin(data + extra, data, this.#at - extra);
    }
    putUvarint(this.#chunk, this.#from + begin, size);
  }

  /** Everything written, in order. The writer starts empty again; the pieces stay as they are. */
  finish(): readonly WirePiece[] {
    this.#endPiece();
    const pieces = this.#pieces;
    this.#clear();
    return pieces;
  }
  /** Everything written, as one array of bytes of its own. Refuses splices, which have no bytes. */
  toBytes(): Uint8Array {
    const joined = new Uint8Array(this.sizeBytes);
    let at = 0;
    for (const piece of this.finish()) {
      if (!(piece instanceof Uint8Array)) throw new ProtocolError('a splice has no bytes of its own');
      joined.set(piece, at);
      at += piece.length;
    }
    return joined;
  }
  /** Forgets what was written since the last `finish`, as after an error. */
  reset(): void {
    this.#at = this.#from;
    this.#clear();
  }

  /** Overwrites four bytes at the start of a piece. */
  static patchInt32(piece: Uint8Array, value: number): void {
    new DataView(piece.buffer, piece.byteOffset, 4).setInt32(0, value);
  }

  #reserve(length: number): number {
    const at = this.#at;
    if (length > this.#chunk.length - at) return this.#grow(length);
    this.#at = at + length;
    return at;
  }
  /** Takes a new chunk and moves the open piece there; finished pieces keep the old one. */
  #grow(length: number): number {
    const open = this.#at - this.#from;
    const wanted = open + length;
    const grown = Buffer.allocUnsafeSlow(wanted > this.#chunkBytes / 2 ? wanted * 2 : this.#chunkBytes);
    this.#chunk.copy(grown, 0, this.#from, this.#at);
    this.#chunk = grown;
    this.#view = new DataView(grown.buffer);
    this.#from = 0;
    this.#at = wanted;
    return open;
  }

  #raw(value: WirePiece): void {
    if (value instanceof Uint8Array && (value.length <= COPIED_BYTES_MAX || this.#tagDepth > 0)) {
      const at = this.#reserve(value.length);
      this.#chunk.set(value, at);
      return;
    }
    if (this.#tagDepth > 0) throw new ProtocolError('a splice inside a tagged field');
    this.#endPiece();
    this.#pieces.push(value);
    this.#pieceBytes += pieceSizeBytes(value);
  }
  #endPiece(): void {
    if (this.#at === this.#from) return;
    this.#pieces.push(this.#chunk.subarray(this.#from, this.#at));
    this.#pieceBytes += this.#at - this.#from;
    this.#from = this.#at;
  }
  #clear(): void {
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#tagDepth = 0;
  }

  /** Writes short ASCII text with its length in one pass; false, with nothing written, if the text is any other. */
  #shortText(value: string, compact: boolean): boolean {
    const length = value.length;
    if (length > SHORT_TEXT) return false;
    const prefix = compact ? 1 : 2;
    let at = this.#reserve(length + prefix);
    const chunk = this.#chunk;
    if (!compact) chunk[at++] = 0;
    chunk[at++] = compact ? length + 1 : length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) {
        this.#at -= length + prefix;
        return false;
      }
      chunk[at + index] = code;
    }
    return true;
  }
  /** A lone surrogate is written as the replacement character. */
  #longText(value: string, length: number): void {
    const at = this.#reserve(length);
    this.#chunk.write(value, at, length, 'utf8');
  }
}

function unfit(type: string, value: unknown): ProtocolError {
  return new ProtocolError(`${typeof value === 'string' ? JSON.stringify(value) : String(value)} is no ${type}`);
}

function uvarintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

function putUvarint(bytes: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  while (rest > 0x7f) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}
