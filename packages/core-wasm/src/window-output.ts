import type { Output } from './output.ts';

/**
 * An output in a window of the core's memory, reused from call to call. What does not fit is set aside in fresh arrays, behind
 * which the window begins anew with the history that codecs may reach back to.
 */
export class WindowOutput implements Output {
  readonly bytes: Uint8Array;
  position: number;
  readonly #windowStart: number;
  readonly #windowEnd: number;
  /** First byte in the window that was not set aside yet. */
  #pendingStart: number;
  #setAside: Uint8Array[] = [];
  #setAsideBytes = 0;
  #isLent = false;

  /**
   * @param memory all of the core's memory
   * @param windowStart where the window begins in it
   * @param windowBytes size of the window without the slack behind it that codecs may store to
   */
  constructor(memory: Uint8Array, windowStart: number, windowBytes: number) {
    this.bytes = memory;
    this.#windowStart = windowStart;
    this.#windowEnd = windowStart + windowBytes;
    this.position = windowStart;
    this.#pendingStart = windowStart;
  }

  get sizeBytes(): number {
    return this.#setAsideBytes + this.position - this.#pendingStart;
  }

  /**
   * Forgets all that was written before.
   * @param isLent whether `finish` may give a view of the window, good until the next `begin`, in place of a fresh array
   */
  begin(isLent = false): this {
    this.#isLent = isLent;
    this.position = this.#windowStart;
    this.#pendingStart = this.#windowStart;
    this.#setAside = [];
    this.#setAsideBytes = 0;
    return this;
  }

  /** The bytes, outside the window: what was lent may be given back as the input of what is written next. */
  outside(bytes: Uint8Array): Uint8Array {
    const isWithin = bytes.buffer === this.bytes.buffer && bytes.byteOffset < this.#windowEnd;
    return isWithin && bytes.byteOffset + bytes.length > this.#windowStart ? bytes.slice() : bytes;
  }

  reserve(roomBytes: number, keepBytes: number): void {
    if (this.position + roomBytes <= this.#windowEnd) return;
    const pending = this.#pending();
    this.#setAside.push(pending);
    this.#setAsideBytes += pending.length;
    const kept = Math.min(keepBytes, this.position - this.#windowStart);
    this.bytes.copyWithin(this.#windowStart, this.position - kept, this.position);
    this.position = this.#windowStart + kept;
    this.#pendingStart = this.position;
    if (this.position + roomBytes > this.#windowEnd) throw new RangeError(`no window holds ${roomBytes} bytes`);
  }

  finish(): Uint8Array {
    if (this.#setAside.length === 0) {
      return this.#isLent ? this.bytes.subarray(this.#pendingStart, this.position) : this.#pending();
    }
    const whole = new Uint8Array(this.sizeBytes);
    let at = 0;
    for (const part of this.#setAside) {
      whole.set(part, at);
      at += part.length;
    }
    whole.set(this.bytes.subarray(this.#pendingStart, this.position), at);
    this.begin();
    return whole;
  }

  /** A copy, made the way that does not fill the new array with zeros first. */
  #pending(): Uint8Array {
    return new Uint8Array(this.bytes.subarray(this.#pendingStart, this.position));
  }
}
