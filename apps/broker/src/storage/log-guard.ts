import { LogFailedError } from './log-options.ts';

/** What the guard asks of the log that it guards. */
export interface LogGuardHost {
  /** Whether an error says that the disk cannot be relied on any more. */
  isDiskFailure(error: unknown): error is Error;
  /** The disk has failed under an operation. */
  failed(error: Error): void;
}

/** Whether a log can be used, and who may change its segments at the moment: one at a time. */
export class LogGuard {
  readonly #host: LogGuardHost;
  #failure: Error | undefined;
  #isClosed = false;
  /** A truncation is under way: offsets may not be assigned. */
  #isCutting = false;
  /** Operations that change segments, one after the other. */
  #exclusive: Promise<unknown> = Promise.resolve();

  constructor(host: LogGuardHost) {
    this.#host = host;
  }

  get isFailed(): boolean {
    return this.#failure !== undefined;
  }
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Takes the log out of service for good. Says whether it was in service. */
  fail(error: Error): boolean {
    if (this.#failure !== undefined) return false;
    this.#failure = error;
    return true;
  }

  /** Nothing may be asked of the log any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** @throws LogFailedError */
  requireUsable(): void {
    if (this.#failure !== undefined)
      throw new LogFailedError(`the log has failed: ${this.#failure.message}`, { cause: this.#failure });
    if (this.#isClosed) throw new LogFailedError('the log is closed');
  }

  /** @throws LogFailedError; Error where the log is being truncated */
  requireWritable(): void {
    this.requireUsable();
    if (this.#isCutting) throw new Error('a log takes no append while it is truncated');
  }

  /** Runs `action` when no other such action runs, with its disk errors taken as failures of the log. */
  alone<T>(action: () => Promise<T>): Promise<T> {
    const run = this.#exclusive.then(() => {
      this.requireUsable();
      return this.guarded(action());
    });
    this.#exclusive = run.catch(() => undefined);
    return run;
  }

  /** As `alone`; until it has settled no append is taken. */
  cutting(action: () => Promise<void>): Promise<void> {
    return this.alone(async () => {
      this.#isCutting = true;
      try {
        await action();
      } finally {
        this.#isCutting = false;
      }
    });
  }

  /** Settles as `running` does; an error of the disk has failed the log by then. */
  async guarded<T>(running: Promise<T>): Promise<T> {
    try {
      return await running;
    } catch (error) {
      if (this.#host.isDiskFailure(error)) this.#host.failed(error);
      throw error;
    }
  }

  /** Settles when no exclusive action runs. */
  async idle(): Promise<void> {
    await this.#exclusive.catch(() => undefined);
  }
}
