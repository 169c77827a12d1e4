import type { Connection, ConnectionEvents } from '../ports/network.ts';
import type { Handler } from '../handlers/handler.ts';
import type { ConnectionShared } from './connection-shared.ts';
import { type Answer, RequestError } from './dispatch.ts';
import { FrameReader, type ReadingState } from './frame-reader.ts';
import { ProgressWatch } from './progress-watch.ts';
import { Quantum } from './quantum.ts';
import type { ConnectionFacts } from './request-context.ts';
import { RequestWait } from './request-wait.ts';
import { ResponseQueue, type Slot } from './response-queue.ts';
import type { ClosingCause } from './server-traffic.ts';
import { CountedOutbox } from './unsent-responses.ts';

/**
 * One client. Admits its requests in order as far as the limits allow, sends the responses in the same order, and stops
 * reading the socket while it may not admit.
 */
export class ClientConnection implements ConnectionEvents, ConnectionFacts {
  readonly connectionId: string;
  readonly listenerName: string;
  /** What its next request waits for. */
  readonly wait: RequestWait;
  readonly principal = 'User:ANONYMOUS';
  readonly #socket: Connection;
  readonly #shared: ConnectionShared;
  readonly #reader: FrameReader;
  readonly #responses = new ResponseQueue();
  readonly #outbox: CountedOutbox;
  readonly #watch = new ProgressWatch();
  readonly #quantum: Quantum;
  readonly #abort = new AbortController();
  #exclusiveWaits = 0;
  #lastAdmitted: Handler | undefined;
  /** The client's name for itself, in its last request. */
  #clientId: string | null = null;
  /** The last admitted request's API has as many under way as it may. */
  #isFull = false;
  #isPaused = false;
  /** More requests have arrived than its quantum let it handle: it waits for its next turn. */
  #isBehind = false;
  #isQuiet = false;
  /** Everything was answered and the socket is closing: what still comes is not looked at. */
  #isEnding = false;
  #isGone = false;
  #activeMs: number;
  #progressMs: number;
  #receivedBytes = 0;

  constructor(socket: Connection, connectionId: string, listenerName: string, shared: ConnectionShared) {
    this.#socket = socket;
    this.connectionId = connectionId;
    this.listenerName = listenerName;
    this.#shared = shared;
    this.#quantum = new Quantum(shared.monotonicMs);
    this.wait = new RequestWait({
      ...{ order: shared.order, memory: shared.memory, goOn: () => shared.dirty(this) },
      sizeBytes: () => this.#reader.frameBytes,
    });
    this.#activeMs = shared.monotonicMs();
    this.#progressMs = this.#activeMs;
    this.#reader = new FrameReader({
      landing: shared.landing,
      memory: shared.memory,
      waiter: this.wait,
      frameBytesMax: shared.limits.requestBytesMax,
      onFrame: (frame) => this.#admit(frame),
      mayContinue: () => !this.#quantum.isUsedUp && this.#mayAdmit(),
    });
    const progressed = (): void => this.#progressed();
    const failed = (error: unknown): void => this.#end('broker-error', 'Its response is no longer readable', { error });
    this.#outbox = new CountedOutbox({ connection: socket, memory: shared.steps, progressed, failed }, shared.unsent);
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
    this.#receivedBytes += length;
    this.#shared.traffic.receivedBytes += length;
    this.#read(() => this.#reader.received(length));
  }

  drained(): void {
    this.#outbox.drained();
    // Not at once: a client that takes quickly would be sent all it asked for before others get a turn.
    this.#shared.dirty(this);
  }

  closed(error: Error | undefined): void {
    this.#isGone = true;
    if (error) this.#shared.logger.debug({ ...this.#identity(), error: error.message }, 'Lost a connection');
    this.#abort.abort();
    this.wait.stepAside();
    this.wait.holds(false);
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
    this.#shared.traffic.sentBytes += this.#outbox.give(this.#responses.takeDone());
    if (wasEmpty) this.#progressMs = this.#shared.monotonicMs();
    this.#outbox.pump();
    if (!this.#isBehind) this.readOn();
    if (this.#isQuiet && this.isIdle) this.#finish();
  }

  /** Goes on, for a quantum, with what has arrived; then with the socket. */
  readOn(): void {
    this.#isBehind = false;
    if (this.#isGone || !this.#isPaused) return;
    if (!this.#isWilling()) this.#shared.unwilling(this);
    else if (this.wait.isStarved || this.#shared.mayAdmit(this)) this.#read(() => this.#reader.resume());
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

  /** Ends the connection where it has been silent, or has taken nothing, for too long. Returns the memory that it kept from others. */
  checkTimeouts(nowMs: number): number {
    const { slowReaderMs, stalledMs, idleMs } = this.#shared.limits;
    const isStalled = this.#isStalled(nowMs);
    if (this.#outbox.pendingBytes > 0) {
      const takenMs = this.#outbox.isHurried ? Math.min(slowReaderMs, stalledMs) : slowReaderMs;
      if (nowMs - this.#progressMs >= takenMs) this.#end('slow-reader', 'It does not take its responses');
    } else if (this.isIdle && idleMs >= 0 && nowMs - this.#activeMs >= idleMs) {
      this.#end('idle', 'It was idle');
    }
    if (!isStalled) return 0;
    this.#end('stalled-request', 'It holds memory for a request that does not go on');
    return this.#reader.heldBytes;
  }

  /** Ends the connection, which waits for memory, to have what it holds itself; returns how many bytes that is. */
  giveUpMemory(): number {
    this.#end('stalled-request', 'It waited for memory that others hold for requests that do not go on');
    return this.#reader.heldBytes;
  }

  /** Whether it keeps from others what it makes no use of: the rest of a request does not come, or what it asked for is not taken. */
  #isStalled(nowMs: number): boolean {
    const { limits, memory } = this.#shared;
    const waitsForIt = !this.#isPaused || this.#outbox.pendingBytes > 0;
    const isHolding = memory.isScarce && this.#reader.keptBytes > 0 && waitsForIt;
    const movedBytes = this.#receivedBytes + this.#outbox.sentBytes;
    const isStalled = this.#watch.isStalled(isHolding, movedBytes, nowMs, limits.stalledMs);
    return memory.isExhausted && isHolding && (isStalled || nowMs - this.#activeMs >= limits.stalledMs);
  }

  #mayAdmit(): boolean {
    return this.#isWilling() && this.#shared.mayAdmit(this);
  }

  /** Whether nothing of its own hinders it to take in another request. */
  #isWilling(): boolean {
    if (this.#isGone || this.#isQuiet || this.#isEnding || this.#exclusiveWaits > 0) return false;
    const { limits } = this.#shared;
    if (this.#responses.length >= limits.inFlightMax || this.#outbox.isFull(limits.unsentBytesMax)) return false;
    if (this.#isFull) this.#isFull = this.#responses.isFullOf(this.#lastAdmitted);
    return !this.#isFull;
  }

  #admit(frame: Uint8Array): void {
    const { handler, answer, clientId } = this.#shared.dispatcher.dispatch(frame, this);
    this.#quantum.use();
    const slot = this.#responses.open(handler);
    this.#clientId = clientId;
    this.wait.served(frame.length);
    if (answer instanceof Promise) {
      answer.then(
        (value) => this.#complete(slot, value),
        (error: unknown) => this.#refuse(error),
      );
    } else this.#complete(slot, answer);
    this.#lastAdmitted = handler;
    this.#isFull = this.#responses.isFullOf(handler);
  }

  #complete(slot: Slot, answer: Answer): void {
    if (this.#responses.complete(slot, answer)) this.#shared.dirty(this);
  }

  /** Runs one step of reading and pauses or resumes the socket by what it says. */
  #read(step: () => ReadingState): void {
    if (this.#isGone) return;
    try {
      this.#quantum.begin();
      const state = step();
      if (this.#isGone) this.#reader.release();
      this.wait.holds(this.#reader.keptBytes > 0);
      if (state === 'memory' && !this.#isGone) this.wait.starve(this.#shared.monotonicMs());
      else this.wait.goesOn();
      if (state === 'handling' && this.#quantum.isUsedUp) {
        this.#isBehind = true;
        this.#shared.behind(this);
      }
      if (state === 'none' && !this.#isQuiet) this.#resume();
      else this.#pause();
    } catch (error) {
      this.#refuse(error);
    }
  }

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
  #refuse(error: unknown): void {
    if (this.#isGone) return;
    if (!(error instanceof RequestError)) {
      this.#end('refused-request', error instanceof Error ? error.message : String(error));
      return;
    }
    const { api, cause, message } = error;
    const fields = { clientId: error.clientId ?? this.#clientId, api };
    if (error.isBug) this.#end('broker-error', 'The broker failed to handle a request', { ...fields, error: cause });
    else this.#end('refused-request', message, fields);
  }

  #end(cause: ClosingCause, reason: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const { closings, traffic } = this.#shared;
    closings.closed({ ...this.#identity(), ...fields }, reason, cause === 'broker-error');
    traffic.closed(cause);
    this.#socket.destroy();
  }

  /** Who the client is, and what it asked last. */
  #identity(): Readonly<Record<string, unknown>> {
    const { remoteAddress, remotePort } = this.#socket;
    return {
      connectionId: this.connectionId,
      address: `${remoteAddress}:${remotePort}`,
      clientId: this.#clientId,
      api: this.#lastAdmitted?.api.name,
    };
  }
}
