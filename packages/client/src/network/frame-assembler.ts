const SIZE_BYTES = 4;
const LANDING_BYTES = 64 * 1024;
/** A frame's memory grows with what has arrived, so that a size alone claims little. */
const FIRST_STEP_BYTES = 256 * 1024;

/**
 * Cuts a stream of bytes into frames (int32 size, then that many bytes). It says where the next bytes shall land: small
 * frames land in a shared buffer and are copied out, the rest of a frame that is under way lands in the frame's own memory.
 */
export class FrameAssembler {
  readonly #maxFrameBytes: number;
  readonly #emit: (frame: Uint8Array) => void;
  readonly #landing = new Uint8Array(LANDING_BYTES);
  /** How much of `#landing` is filled, where no frame is under way. */
  #landed = 0;
  #frame: Uint8Array | undefined;
  #frameBytes = 0;
  #frameFilled = 0;

  /** `emit` gets each frame without its size; the bytes are its own to keep. */
  constructor(maxFrameBytes: number, emit: (frame: Uint8Array) => void) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#emit = emit;
  }

  nextView(): Uint8Array {
    if (this.#frame === undefined) return this.#landing.subarray(this.#landed);
    if (this.#frameFilled === this.#frame.length) this.#grow();
    return this.#frame.subarray(this.#frameFilled);
  }

  /** `length` bytes have arrived in what `nextView` gave. Throws a RangeError for a size that no frame may have. */
  received(length: number): void {
    if (this.#frame === undefined) {
      this.#landed += length;
      this.#cut();
      return;
    }
    this.#frameFilled += length;
    if (this.#frameFilled < this.#frameBytes) return;
    const frame = this.#frame;
    this.#frame = undefined;
    this.#emit(frame);
  }

  #cut(): void {
    let at = 0;
    while (this.#landed - at >= SIZE_BYTES) {
      const size = this.#sizeAt(at);
      const end = at + SIZE_BYTES + size;
      if (end > this.#landed) {
        this.#begin(size, at + SIZE_BYTES);
        return;
      }
      const frame = this.#landing.slice(at + SIZE_BYTES, end);
      at = end;
      this.#emit(frame);
    }
    this.#landing.copyWithin(0, at, this.#landed);
    this.#landed -= at;
  }

  #sizeAt(at: number): number {
    const size = new DataView(this.#landing.buffer).getInt32(at);
    if (size < 0 || size > this.#maxFrameBytes) throw new RangeError(`a frame of ${size} bytes`);
    return size;
  }

  #begin(size: number, from: number): void {
    const here = this.#landed - from;
    this.#frame = new Uint8Array(Math.min(size, Math.max(FIRST_STEP_BYTES, here)));
    this.#frame.set(this.#landing.subarray(from, this.#landed));
    this.#frameBytes = size;
    this.#frameFilled = here;
    this.#landed = 0;
  }

  #grow(): void {
    if (this.#frame === undefined) return;
    const grown = new Uint8Array(Math.min(this.#frameBytes, this.#frame.length * 4));
    grown.set(this.#frame);
    this.#frame = grown;
  }
}
