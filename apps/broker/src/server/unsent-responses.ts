import { Outbox, type OutboxOptions } from './outbox.ts';
import { heapBytesOf, type Sendable } from './response-parts.ts';

/** What a connection may leave unsent, in bytes, while all together leave too much. */
const SCARCE_BYTES = 16_384;

/**
 * Response bytes on the ordinary heap (records aside: those lie in the log) that clients have not taken yet, over all connections. Where
 * they are too many, each may leave but little before it is asked nothing more, and who takes nothing is hurried.
 */
export class UnsentResponses {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }
  get isTooMuch(): boolean {
    return this.#bytes > this.#bytesMax;
  }

  /** A connection's share changed by so much. */
  change(bytes: number): void {
    this.#bytes += bytes;
  }
}

/** An outbox whose bytes are counted, its own and in all. */
export class CountedOutbox extends Outbox {
  readonly #unsent: UnsentResponses;
  /** All that was ever given to it. */
  #givenBytes = 0;
  /** Unsent bytes on the ordinary heap, as `unsent` counts them. */
  #unsentBytes = 0;

  constructor(options: OutboxOptions, unsent: UnsentResponses) {
    super({
      ...options,
      progressed: () => {
        this.#count();
        options.progressed();
      },
    });
    this.#unsent = unsent;
  }

  /** All that the socket ever took. */
  get sentBytes(): number {
    return this.#givenBytes - this.pendingBytes;
  }
  /** Whether it has a part in there being too much unsent. */
  get isHurried(): boolean {
    return this.#unsent.isTooMuch && this.#unsentBytes > 0;
  }

  /** Whether more than `bytesMax` wait, or more than little where all together leave too much. */
  isFull(bytesMax: number): boolean {
    const allowed = this.#unsent.isTooMuch ? Math.min(bytesMax, SCARCE_BYTES) : bytesMax;
    return this.pendingBytes > 0 && this.pendingBytes >= allowed;
  }

  /** Takes over responses; returns how many bytes they are. */
  give(sendables: readonly Sendable[]): number {
    const before = this.pendingBytes;
    this.push(sendables);
    const given = this.pendingBytes - before;
    const heapBytes = heapBytesOf(sendables);
    this.#givenBytes += given;
    this.#unsentBytes += heapBytes;
    this.#unsent.change(heapBytes);
    return given;
  }

  override close(): void {
    super.close();
    this.#unsent.change(-this.#unsentBytes);
    this.#unsentBytes = 0;
  }

  /** What is unsent is at most what is pending. */
  #count(): void {
    const bytes = Math.min(this.#unsentBytes, this.pendingBytes);
    this.#unsent.change(bytes - this.#unsentBytes);
    this.#unsentBytes = bytes;
  }
}
