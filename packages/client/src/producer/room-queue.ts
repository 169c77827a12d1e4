import type { KafkaError } from '../kafka-error.ts';
import { abortError } from '../network/connection.ts';

interface Waiting {
  readonly sizeBytes: number;
  readonly admit: () => void;
  readonly reject: (error: KafkaError) => void;
}

/** Back-pressure by bytes: who does not fit waits, first come, first served. */
export class RoomQueue {
  readonly #maxBytes: number;
  readonly #usedBytes: () => number;
  readonly #waiting: Waiting[] = [];

  constructor(maxBytes: number, usedBytes: () => number) {
    this.#maxBytes = maxBytes;
    this.#usedBytes = usedBytes;
  }

  /** Whether so much may be added at once. Something larger than all room is let in when there is nothing else. */
  isFree(sizeBytes: number): boolean {
    return this.#waiting.length === 0 && this.#fits(sizeBytes);
  }

  /** Resolves when there is room; the caller must add what it came with before it does anything else. */
  wait(sizeBytes: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.reject(abortError(signal));
    if (this.isFree(sizeBytes)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const detach = (): void => signal?.removeEventListener('abort', onAbort);
      const waiting: Waiting = {
        sizeBytes,
        admit: () => {
          detach();
          resolve();
        },
        reject: (error) => {
          detach();
          reject(error);
        },
      };
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(waiting);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(abortError(signal));
        this.admit();
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiting);
    });
  }

  /** Room may have come free. */
  admit(): void {
    let added = 0;
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || !this.#fits(added + first.sizeBytes)) return;
      this.#waiting.shift();
      added += first.sizeBytes;
      first.admit();
    }
  }

  /** Nobody gets room any more. */
  fail(error: KafkaError): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
  }

  #fits(sizeBytes: number): boolean {
    const used = this.#usedBytes();
    return used + sizeBytes <= this.#maxBytes || (used === 0 && sizeBytes >= this.#maxBytes);
  }
}
