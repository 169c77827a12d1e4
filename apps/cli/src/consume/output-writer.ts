import type { Writable } from 'node:stream';

/** Above this much, output goes out at once instead of waiting for the end of the turn. */
const GATHERED_BYTES_MAX = 64 * 1024;

/**
 * Writes to a stream that may be slower than what is read: small pieces of one turn go out together, and nothing more is
 * taken while the reader lags.
 */
export class OutputWriter {
  readonly #stream: Writable;
  readonly #signal: AbortSignal;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #turn: NodeJS.Immediate | undefined;

  /** The signal ends any waiting for the stream. */
  constructor(stream: Writable, signal: AbortSignal) {
    this.#stream = stream;
    this.#signal = signal;
  }

  /** Takes a piece of output. What it returns, if anything, settles when more may be given. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.length === 0) return undefined;
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes < GATHERED_BYTES_MAX) {
      this.#turn ??= setImmediate(() => this.#send());
      return undefined;
    }
    return this.#send() ? undefined : this.#drained();
  }

  /** Settles when all that was written has been handed to the system. */
  async flush(): Promise<void> {
    this.#send();
    if (this.#stream.writableLength > 0) await this.#drained();
  }

  /** Whether the stream takes more now. */
  #send(): boolean {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    const [first, ...others] = this.#gathered;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    if (first === undefined) return true;
    return this.#stream.write(others.length === 0 ? first : Buffer.concat([first, ...others]));
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done).off('close', done);
        this.#signal.removeEventListener('abort', done);
        resolve();
      };
      if (this.#signal.aborted) resolve();
      else {
        this.#stream.once('drain', done).once('close', done);
        this.#signal.addEventListener('abort', done, { once: true });
      }
    });
  }
}
