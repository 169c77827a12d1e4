import type { HeldMemory, MemoryWaiter, RequestMemory } from './request-memory.ts';

const SIZE_PREFIX_BYTES = 4;
/** API key, version and correlation id: no request is shorter. */
const FRAME_BYTES_MIN = 8;
/** The least that is reserved for a frame that does not fit its landing, where it claims to be at least that large. */
const FIRST_STEP_BYTES = 16_384;
/** From this many missing bytes on they are read straight to their place instead of by way of the landing. */
const DIRECT_BYTES = 65_536;
/** What a connection may land while memory is scarce: what is left of it has to be put somewhere. */
const SCARCE_LANDING_BYTES = 16_384;
const PAGE_BYTES = 4096;

/** Why a frame was refused. */
export class FrameError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FrameError';
  }
}

export interface FrameReaderOptions {
  /** What all connections read into. Only one of them uses it at a time: its bytes are handled before the next read. */
  readonly landing: Uint8Array;
  readonly memory: RequestMemory;
  /** Who waits where there is none. */
  readonly waiter: MemoryWaiter;
  /** socket.request.max.bytes */
  readonly frameBytesMax: number;
  /** Takes one frame without its size. The view is only valid during the call. */
  readonly onFrame: (frame: Uint8Array) => void;
  /** Whether another frame may be handled now; asked before each. */
  readonly mayContinue: () => boolean;
}

/**
 * What hinders reading on: `none`; `handling`: a whole frame is there that may not be handled yet; `memory`: there is none for
 * the rest of a frame.
 */
export type ReadingState = 'none' | 'handling' | 'memory';

/**
 * Cuts a byte stream into frames. Frames that are whole within one read are handled where they landed; the beginning of one
 * that is not is kept in memory that grows with the bytes received, at most fourfold, and never with the size it claims.
 */
export class FrameReader {
  readonly #options: FrameReaderOptions;
  /** Kept bytes are `[from, to)` of it. They start at a frame's size. */
  #kept: HeldMemory | undefined;
  #from = 0;
  #to = 0;
  /** The view given last lies behind the kept bytes, not in the landing. */
  #isDirect = false;
  /** Size of a request for whose first bytes memory is asked: whoever asks stands in line by it. */
  #begunBytes = 0;

  constructor(options: FrameReaderOptions) {
    this.#options = options;
  }

  /** Bytes of the connection that are kept for later. */
  get keptBytes(): number {
    return this.#to - this.#from;
  }

  /** Size of the request that comes in, 0 where it is not known yet. */
  get frameBytes(): number {
    return this.#kept !== undefined && this.keptBytes >= SIZE_PREFIX_BYTES
      ? this.#sizeAt(this.#kept.bytes, this.#from)
      : this.#begunBytes;
  }

  /** Memory that is held for them. */
  get heldBytes(): number {
    return this.#kept?.bytes.length ?? 0;
  }

  /** Where the next bytes shall land. */
  nextView(): Uint8Array {
    const { landing, memory } = this.#options;
    const kept = this.#kept?.bytes;
    const missing = this.#missingBytes();
    this.#isDirect = kept !== undefined && missing >= DIRECT_BYTES && this.#to < kept.length;
    if (this.#isDirect && kept) return kept.subarray(this.#to, Math.min(this.#to + missing, kept.length));
    return memory.isScarce ? landing.subarray(0, SCARCE_LANDING_BYTES) : landing;
  }

  /** Handles `length` bytes at the start of the view given last. Where the result is not `none` stop reading until `resume` says so. */
  received(length: number): ReadingState {
    if (this.#isDirect) {
      this.#isDirect = false;
      this.#to += length;
      return this.resume();
    }
    const { landing } = this.#options;
    let at = 0;
    if (this.#kept !== undefined) {
      at = this.#completeKept(length);
      const state = this.resume();
      if (at === length) return state;
      if (this.#kept !== undefined) {
        this.#append(landing.subarray(at, length));
        return this.#stateOfKept();
      }
    }
    at = this.#handle(landing, at, length);
    if (at < length) this.#append(landing.subarray(at, length));
    return this.#stateOfKept();
  }

  /** Handles what is kept, as far as it may be now. */
  resume(): ReadingState {
    if (this.#kept === undefined) return 'none';
    this.#from = this.#handle(this.#kept.bytes, this.#from, this.#to);
    if (this.#from === this.#to) this.release();
    return this.#stateOfKept();
  }

  /** Gives the kept memory back; nothing may be read into a view given before. */
  release(): void {
    this.#kept?.release();
    this.#kept = undefined;
    this.#from = 0;
    this.#to = 0;
  }

  #stateOfKept(): ReadingState {
    const kept = this.#kept;
    if (kept === undefined) return 'none';
    const missing = this.#missingBytes();
    if (missing <= 0) return 'handling';
    const room = kept.bytes.length - this.#to;
    if (missing < DIRECT_BYTES || room >= DIRECT_BYTES) return 'none';
    const { memory, waiter } = this.#options;
    const grown = memory.reserve(this.#sizeToKeep(this.keptBytes + 1), waiter, kept);
    if (grown === undefined) return room > 0 ? 'none' : 'memory';
    this.#moveKept(grown);
    return 'none';
  }

  /** Bytes that the kept frame lacks, its size included; 0 or less where it is whole or nothing is kept. */
  #missingBytes(): number {
    if (this.#kept === undefined) return 0;
    const have = this.keptBytes;
    if (have < SIZE_PREFIX_BYTES) return SIZE_PREFIX_BYTES - have;
    return SIZE_PREFIX_BYTES + this.#sizeAt(this.#kept.bytes, this.#from) - have;
  }

  /** Moves bytes from the landing behind the kept ones, as many as the kept frame lacks; returns how many. */
  #completeKept(length: number): number {
    let at = 0;
    // Twice where the size itself was cut: first its bytes, then the frame's.
    for (let missing = this.#missingBytes(); missing > 0 && at < length; missing = this.#missingBytes()) {
      const count = Math.min(missing, length - at);
      this.#append(this.#options.landing.subarray(at, at + count));
      at += count;
    }
    return at;
  }

  /** Keeps bytes that have arrived: they must be put somewhere, whatever the bound says. */
  #append(bytes: Uint8Array): void {
    const room = (this.#kept?.bytes.length ?? 0) - this.#to;
    if (room < bytes.length) {
      const needed = this.keptBytes + bytes.length;
      const wanted = this.#kept === undefined ? this.#sizeToKeepOf(bytes) : this.#sizeToKeep(needed);
      const { memory, waiter } = this.#options;
      if (this.#kept === undefined && bytes.length >= SIZE_PREFIX_BYTES) this.#begunBytes = this.#sizeAt(bytes, 0);
      this.#moveKept(memory.reserve(Math.max(wanted, needed), waiter, this.#kept) ?? memory.take(pages(needed)));
      this.#begunBytes = 0;
    }
    this.#kept?.bytes.set(bytes, this.#to);
    this.#to += bytes.length;
  }

  #moveKept(target: HeldMemory): void {
    if (this.#kept !== undefined) target.bytes.set(this.#kept.bytes.subarray(this.#from, this.#to));
    this.#kept?.release();
    this.#kept = target;
    this.#to -= this.#from;
    this.#from = 0;
  }

  /** How much to reserve for the kept frame when `have` bytes of it (and maybe of later ones) are there. */
  #sizeToKeep(have: number): number {
    const kept = this.#kept?.bytes;
    const frameBytes =
      kept !== undefined && this.keptBytes >= SIZE_PREFIX_BYTES
        ? SIZE_PREFIX_BYTES + this.#sizeAt(kept, this.#from)
        : FIRST_STEP_BYTES;
    return pages(Math.max(have, Math.min(frameBytes, Math.max(FIRST_STEP_BYTES, have * 4))));
  }

  /** The same for the first bytes of a frame. */
  #sizeToKeepOf(bytes: Uint8Array): number {
    const frameBytes =
      bytes.length >= SIZE_PREFIX_BYTES ? SIZE_PREFIX_BYTES + this.#sizeAt(bytes, 0) : FIRST_STEP_BYTES;
    return pages(Math.max(bytes.length, Math.min(frameBytes, Math.max(FIRST_STEP_BYTES, bytes.length * 4))));
  }

  /** Handles whole frames from `from` on; returns where the first one begins that was not. */
  #handle(bytes: Uint8Array, from: number, to: number): number {
    const { onFrame, mayContinue } = this.#options;
    let at = from;
    while (this.#hasWholeFrame(bytes, at, to) && mayContinue()) {
      const end = at + SIZE_PREFIX_BYTES + this.#sizeAt(bytes, at);
      onFrame(bytes.subarray(at + SIZE_PREFIX_BYTES, end));
      at = end;
    }
    return at;
  }

  #hasWholeFrame(bytes: Uint8Array, at: number, to: number): boolean {
    return to - at >= SIZE_PREFIX_BYTES && to - at - SIZE_PREFIX_BYTES >= this.#sizeAt(bytes, at);
  }

  /** The size in front of a frame, checked. */
  #sizeAt(bytes: Uint8Array, at: number): number {
    const size =
      ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    if (size < FRAME_BYTES_MIN) throw new FrameError(`a request of ${size} bytes is too short`);
    const { frameBytesMax } = this.#options;
    if (size > frameBytesMax) {
      throw new FrameError(`a request of ${size} bytes is larger than socket.request.max.bytes=${frameBytesMax}`);
    }
    return size;
  }
}

function pages(sizeBytes: number): number {
  return Math.ceil(sizeBytes / PAGE_BYTES) * PAGE_BYTES;
}
