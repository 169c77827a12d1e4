const SIZE_BYTES = 4;
/** A frame's size and its correlation id: enough to know which answer it is and how large that may be. */
const HEAD_BYTES = 8;
const LANDING_BYTES = 32_768;

/** Bytes that are no answers. */
export class FrameError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FrameError';
  }
}

/**
 * Cuts what a broker sends into answers. Small ones land in a buffer of the connection and are copied out of it; the rest of one
 * that does not fit lands in memory of its own, which is only made for an answer that is waited for, of a size it may have.
 */
export class ChannelFrames {
  readonly #bytesMax: (correlationId: number) => number | undefined;
  readonly #emit: (correlationId: number, frame: Uint8Array) => void;
  readonly #landing = new Uint8Array(LANDING_BYTES);
  readonly #view = new DataView(this.#landing.buffer);
  #landedBytes = 0;
  /** One that is under way in memory of its own. */
  #frame: { readonly correlationId: number; readonly bytes: Uint8Array; filledBytes: number } | undefined;

  /**
   * `bytesMax`: of the answer with this id, undefined where it is not the next one. `emit` gets frames without their size; the
   * bytes are its own to keep.
   */
  constructor(
    bytesMax: (correlationId: number) => number | undefined,
    emit: (correlationId: number, frame: Uint8Array) => void,
  ) {
    this.#bytesMax = bytesMax;
    this.#emit = emit;
  }

  /** Where the next bytes shall land. */
  nextView(): Uint8Array {
    const frame = this.#frame;
    return frame ? frame.bytes.subarray(frame.filledBytes) : this.#landing.subarray(this.#landedBytes);
  }

  /** `length` bytes have arrived in what `nextView` gave. @throws FrameError */
  received(length: number): void {
    const frame = this.#frame;
    if (frame === undefined) {
      this.#landedBytes += length;
      this.#cut();
      return;
    }
    frame.filledBytes += length;
    if (frame.filledBytes < frame.bytes.length) return;
    this.#frame = undefined;
    this.#emit(frame.correlationId, frame.bytes);
  }

  #cut(): void {
    let at = 0;
    while (this.#landedBytes - at >= HEAD_BYTES) {
      const size = this.#view.getInt32(at);
      const correlationId = this.#view.getInt32(at + SIZE_BYTES);
      this.#check(size, correlationId);
      const start = at + SIZE_BYTES;
      if (start + size > this.#landedBytes) {
        if (start + size <= LANDING_BYTES) break;
        this.#begin(correlationId, size, start);
        return;
      }
      const frame = this.#landing.slice(start, start + size);
      at = start + size;
      this.#emit(correlationId, frame);
    }
    this.#landing.copyWithin(0, at, this.#landedBytes);
    this.#landedBytes -= at;
  }

  #check(size: number, correlationId: number): void {
    if (size < SIZE_BYTES) throw new FrameError(`an answer of ${size} bytes`);
    const bytesMax = this.#bytesMax(correlationId);
    if (bytesMax === undefined) throw new FrameError(`an answer ${correlationId} that is not due`);
    if (size > bytesMax) throw new FrameError(`an answer of ${size} bytes where at most ${bytesMax} are taken`);
  }

  #begin(correlationId: number, size: number, start: number): void {
    const bytes = new Uint8Array(size);
    bytes.set(this.#landing.subarray(start, this.#landedBytes));
    this.#frame = { correlationId, bytes, filledBytes: this.#landedBytes - start };
    this.#landedBytes = 0;
  }
}
