/**
 * Where a codec writes: a window of bytes that the codec fills from `position` on, and that turns into one fresh array at the end.
 * The window may move when room is asked for; what was written stays within reach as far as `keepBytes` said.
 */
export interface Output {
  /** The window; read again after `reserve`. */
  readonly bytes: Uint8Array;
  /** Index in `bytes` of the next byte to write; the codec advances it. */
  position: number;
  /** Bytes written since the output was begun. */
  readonly sizeBytes: number;
  /** Makes room for `roomBytes` at `position` and keeps the last `keepBytes` written before it in place in front of it. */
  reserve(roomBytes: number, keepBytes: number): void;
  /** All that was written, as a fresh array. */
  finish(): Uint8Array;
}

/** An output in an array that doubles as it fills. */
export class GrowingOutput implements Output {
  bytes: Uint8Array;
  position = 0;

  /** @param expectedBytes the size to begin with */
  constructor(expectedBytes: number) {
    this.bytes = new Uint8Array(expectedBytes);
  }

  get sizeBytes(): number {
    return this.position;
  }

  reserve(roomBytes: number): void {
    const neededBytes = this.position + roomBytes;
    if (neededBytes <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(neededBytes, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.position));
    this.bytes = larger;
  }

  finish(): Uint8Array {
    return this.position === this.bytes.length ? this.bytes : this.bytes.slice(0, this.position);
  }
}
