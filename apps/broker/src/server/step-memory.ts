import { type HeldMemory, heapMemory, type MemorySource } from './request-memory.ts';

/** What is read from a file at a time while there is memory enough. */
export const STEP_BYTES = 262_144;
/** What is read at a time while many connections are slow to take what was read for them. */
export const SMALL_STEP_BYTES = 16_384;
/** Memory that may be held in steps of the full size. */
const LARGE_STEPS_BYTES = 33_554_432;

/**
 * The memory in which pieces of files wait for their sockets. A connection that does not take its response holds one step of it;
 * when many do so, the steps become small.
 */
export class StepMemory {
  readonly #source: MemorySource;
  #heldBytes = 0;

  constructor(source: MemorySource) {
    this.#source = source;
  }

  /** Bytes held in all steps. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** How much should be read at a time now. */
  get stepBytes(): number {
    return this.#heldBytes + STEP_BYTES <= LARGE_STEPS_BYTES ? STEP_BYTES : SMALL_STEP_BYTES;
  }

  /** Memory for a step, released once. */
  reserve(sizeBytes: number): HeldMemory {
    const memory = this.#source.reserve(sizeBytes) ?? heapMemory(sizeBytes);
    this.#heldBytes += sizeBytes;
    return {
      bytes: memory.bytes,
      release: () => {
        this.#heldBytes -= sizeBytes;
        memory.release();
      },
    };
  }
}
