import type { Clock } from '../ports/clock.ts';
import type { FileHandles } from './file-handles.ts';
import type { Segment } from './segment.ts';
import type { Segments } from './segments.ts';
import type { Tail } from './tail.ts';

export interface LogWriterHost {
  /** All batches below `endOffset` are in their files. */
  written(endOffset: number): void;
  failed(error: Error): void;
}

/**
 * Carries a log's tail to its files: what was appended in one loop turn goes out in one write, one write is under way at a time, and
 * what comes meanwhile makes up the next. After a failure nothing is tried again.
 */
export class LogWriter {
  readonly #clock: Clock;
  readonly #handles: FileHandles;
  readonly #segments: Segments;
  readonly #tail: Tail;
  readonly #host: LogWriterHost;
  #isScheduled = false;
  #isRunning = false;
  #isStopped = false;
  #waiters: (() => void)[] = [];

  constructor(parts: { clock: Clock; handles: FileHandles; segments: Segments; tail: Tail; host: LogWriterHost }) {
    this.#clock = parts.clock;
    this.#handles = parts.handles;
    this.#segments = parts.segments;
    this.#tail = parts.tail;
    this.#host = parts.host;
  }

  /** Something was appended. */
  schedule(): void {
    if (this.#isScheduled || this.#isRunning || this.#isStopped) return;
    this.#isScheduled = true;
    this.#clock.nextTurn(() => {
      this.#isScheduled = false;
      void this.#run();
    });
  }

  /** Settles when everything appended so far is written, or never will be. */
  drained(): Promise<void> {
    if (!this.#isRunning && !this.#isScheduled) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  /** Starts no further write. */
  stop(): void {
    this.#isStopped = true;
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (!this.#isStopped) {
        const segment = this.#segments.firstUnwritten();
        if (segment === undefined) break;
        await this.#writeGroup(segment);
        this.#host.written(segment.writtenEndOffset);
      }
    } catch (error) {
      this.#isStopped = true;
      this.#host.failed(error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#isRunning = false;
      for (const waiter of this.#waiters.splice(0)) waiter();
    }
  }

  async #writeGroup(segment: Segment): Promise<void> {
    const from = segment.writtenBytes;
    const { sizeBytes, endOffset } = segment;
    const held = this.#tail.viewsFrom(segment, from);
    try {
      await this.#handles.use(segment.logPath, (file) => file.write(held.views, from), true);
    } finally {
      held.release();
    }
    segment.writtenBytes = sizeBytes;
    segment.writtenEndOffset = endOffset;
  }
}
