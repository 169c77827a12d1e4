import type { Connection, ConnectionEvents } from '../ports/network.ts';
import type { Logger } from '../ports/logger.ts';
import type { Handler } from '../handlers/handler.ts';
import { type Answer, type Dispatcher, RequestError } from './dispatch.ts';
import { FrameReader, type ReadingState } from './frame-reader.ts';
import { Outbox } from './outbox.ts';
import type { ConnectionFacts } from './request-context.ts';
import type { RequestMemory } from './request-memory.ts';
import { ResponseQueue, type Slot } from './response-queue.ts';
import type { StepMemory } from './step-memory.ts';

/** Limits of one connection. */
export interface ConnectionLimits {
  /** socket.request.max.bytes */
  readonly requestBytesMax: number;
  /** queued.max.requests: requests under way before the socket is not read. */
  readonly inFlightMax: number;
  /** Response bytes not taken by the socket at which no further request is admitted. */
  readonly unsentBytesMax: number;
  /** connections.max.idle.ms; negative: never. */
  readonly idleMs: number;
  /** ks.slow.reader.timeout.ms */
  readonly slowReaderMs: number;
  /** While memory for requests is short: a request whose bytes stop coming for this long ends its connection. */
  readonly stalledMs: number;
}

/** What all connections of a server share. */
export interface ConnectionShared {
  readonly dispatcher: Dispatcher;
  readonly landing: Uint8Array;
  readonly memory: RequestMemory;
  readonly steps: StepMemory;
  readonly limits: ConnectionLimits;
  readonly logger: Logger;
  readonly monotonicMs: () => number;
  /** `flush` of the connection shall run at the end of this loop turn. */
  readonly dirty: (connection: ClientConnection) => void;
  /** Whether the broker can take in requests; where it cannot, `flush` is to be called again soon. */
  readonly mayAdmit: (connection: ClientConnection) => boolean;
  readonly gone: (connection: ClientConnection) => void;
}

/**
 * One client. Admits its requests in order as far as the limits allow, sends the responses in the same order, and stops
 * reading the socket while it may not admit.
 */
export class ClientConnection implements ConnectionEvents, ConnectionFacts {
  readonly connectionId: string;
  readonly listenerName: string;
  readonly principal = 'User:ANONYMOUS';
  readonly #socket: Connection;
  readonly #shared: ConnectionShared;
  readonly #reader: FrameReader;
  readonly #responses = new ResponseQueue();
  readonly #outbox: Outbox;
  readonly #abort = new AbortController();
  #exclusiveWaits = 0;
  #lastAdmitted: Handler | undefined;
  /** The last admitted request's API has as many under way as it may. */
  #isFull = false;
  #isPaused = false;
  #isQuiet = false;
  /** Everything was answered and the socket is closing: what still comes is not looked at. */
  #isEnding = false;
  #isGone = false;
  #activeMs: number;
  #progressMs: number;

  constructor(socket: Connection, connectionId: string, listenerName: string, shared: ConnectionShared) {
    this.#socket = socket;
    this.connectionId = connectionId;
    this.listenerName = listenerName;
    this.#shared = shared;
    this.#activeMs = shared.monotonicMs();
    this.#progressMs = this.#activeMs;
    this.#reader = new FrameReader({
      landing: shared.landing,
      memory: shared.memory,
      frameBytesMax: shared.limits.requestBytesMax,
      onFrame: (frame) => this.#admit(frame),
      mayContinue: () => this.#mayAdmit(),
    });
    this.#outbox = new Outbox({
      connection: socket,
      memory: shared.steps,
      progressed: () => this.#progressed(),
      failed: (error) => this.#end('Its response could no longer be read', { error }, true),
    });
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress;
  }
  get signal(): AbortSignal {
    return this.#abort.signal;
  }
  /** Whether nothing is under way: no request, no unsent response. */
  get isIdle(): boolean {
    return this.#responses.length === 0 && this.#outbox.pendingBytes === 0;
  }

  nextView(): Uint8Array {
    return this.#reader.nextView();
  }

  received(length: number): void {
    if (this.#isEnding) return;
    this.#activeMs = this.#shared.monotonicMs();
    this.#read(() => this.#reader.received(length));
  }

  drained(): void {
    this.#outbox.drained();
    this.#shared.dirty(this);
  }

  closed(error: Error | undefined): void {
    this.#isGone = true;
    if (error) this.#shared.logger.debug({ ...this.#identity(), error: error.message }, 'Lost a connection');
    this.#abort.abort();
    this.#shared.memory.forget(this.#retry);
    this.#reader.release();
    this.#responses.close();
    this.#outbox.close();
    this.#shared.gone(this);
  }

  exclusive<T>(wait: Promise<T>): Promise<T> {
    this.#exclusiveWaits += 1;
    const done = (): void => {
      this.#exclusiveWaits -= 1;
      this.#shared.dirty(this);
    };
    wait.then(done, done);
    return wait;
  }

  /** Sends what is ready, then reads on where it may. Run once per loop turn and connection. */
  flush(): void {
    if (this.#isGone) return;
    const wasEmpty = this.#outbox.pendingBytes === 0;
    this.#outbox.push(this.#responses.takeDone());
    if (wasEmpty) this.#progressMs = this.#shared.monotonicMs();
    this.#outbox.pump();
    if (this.#isPaused && this.#mayAdmit()) this.#read(() => this.#reader.resume());
    if (this.#isQuiet && this.isIdle) this.#finish();
  }

  /** Takes in nothing more; ends when the requests under way are answered. */
  quiesce(): void {
    this.#isQuiet = true;
    this.#pause();
    this.#shared.dirty(this);
  }

  destroy(): void {
    if (!this.#isGone) this.#socket.destroy();
  }

  /** Ends the connection where it has been silent, or has taken nothing, for too long. */
  checkTimeouts(nowMs: number): void {
    const { limits, memory } = this.#shared;
    if (this.#outbox.pendingBytes > 0) {
      if (nowMs - this.#progressMs >= limits.slowReaderMs) this.#end('It does not take its responses', {});
    } else if (this.isIdle && limits.idleMs >= 0 && nowMs - this.#activeMs >= limits.idleMs) {
      this.#end('It was idle', {});
    } else if (memory.isExhausted && this.#reader.keptBytes > 0 && !this.#isPaused) {
      if (nowMs - this.#activeMs >= limits.stalledMs)
        this.#end('It holds memory for a request that does not go on', {});
    }
  }

  #mayAdmit(): boolean {
    if (this.#isGone || this.#isQuiet || this.#isEnding || this.#exclusiveWaits > 0) return false;
    const { limits } = this.#shared;
    if (this.#responses.length >= limits.inFlightMax || this.#outbox.pendingBytes >= limits.unsentBytesMax)
      return false;
    if (this.#isFull) this.#isFull = this.#isLastFull();
    return !this.#isFull && this.#shared.mayAdmit(this);
  }

  #isLastFull(): boolean {
    const handler = this.#lastAdmitted;
    const max = handler?.options.inFlightMax;
    return handler !== undefined && max !== undefined && this.#responses.countOf(handler) >= max;
  }

  #admit(frame: Uint8Array): void {
    const { handler, answer, clientId } = this.#shared.dispatcher.dispatch(frame, this);
    const slot = this.#responses.open(handler);
    if (answer instanceof Promise) {
      answer.then(
        (value) => this.#complete(slot, value),
        (error: unknown) => this.#refuse(error, clientId),
      );
    } else this.#complete(slot, answer);
    this.#lastAdmitted = handler;
    this.#isFull = this.#isLastFull();
  }

  #complete(slot: Slot, answer: Answer): void {
    if (this.#responses.complete(slot, answer)) this.#shared.dirty(this);
  }

  /** Runs one step of reading and pauses or resumes the socket by what it says. */
  #read(step: () => ReadingState): void {
    if (this.#isGone) return;
    try {
      const state = step();
      if (this.#isGone) this.#reader.release();
      if (state === 'memory' && !this.#isGone) this.#shared.memory.whenFree(this.#retry);
      if (state === 'none' && !this.#isQuiet) this.#resume();
      else this.#pause();
    } catch (error) {
      this.#refuse(error, null);
    }
  }

  readonly #retry = (): void => this.#shared.dirty(this);

  #pause(): void {
    if (this.#isPaused || this.#isGone) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  #resume(): void {
    if (!this.#isPaused || this.#isGone) return;
    this.#isPaused = false;
    this.#activeMs = this.#shared.monotonicMs();
    this.#socket.resume();
  }

  /** Ends in order. The socket is read on, unheeded: unread bytes would turn the end into a reset that overtakes the last response. */
  #finish(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#socket.end();
    this.#resume();
  }

  #progressed(): void {
    this.#progressMs = this.#shared.monotonicMs();
    this.#activeMs = this.#progressMs;
    if (this.#isPaused || this.#isQuiet) this.#shared.dirty(this);
  }

  /** A request that cannot be answered ends the connection: one line, with a stack where it is the broker's own fault. */
  #refuse(error: unknown, clientId: string | null): void {
    if (this.#isGone) return;
    const known = error instanceof RequestError ? error : undefined;
    const fields = { clientId: known?.clientId ?? clientId, api: known?.api };
    if (known?.isBug) this.#end('The broker failed to handle a request', { ...fields, error: known.cause }, true);
    else this.#end(error instanceof Error ? error.message : String(error), fields);
  }

  #end(reason: string, fields: Readonly<Record<string, unknown>>, isError = false): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const level = isError ? 'error' : 'info';
    this.#shared.logger[level]({ ...this.#identity(), ...fields, reason }, 'Closed a connection');
    this.#socket.destroy();
  }

  #identity(): Readonly<Record<string, unknown>> {
    const { remoteAddress, remotePort } = this.#socket;
    return { connectionId: this.connectionId, address: `${remoteAddress}:${remotePort}` };
  }
}
