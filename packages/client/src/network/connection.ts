import { type AnyApi, type Api, decodeResponse, ErrorCode, encodeRequest, ProtocolError } from '@ks/protocol';
import { deferred } from '../deferred.ts';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import { type Diagnostics, silentDiagnostics } from '../ports/diagnostics.ts';
import type { Address, Network, Socket } from '../ports/network.ts';
import { FrameAssembler } from './frame-assembler.ts';
import { networkError } from './network-error.ts';
import { watchRequest } from './watch-request.ts';
import { WriteGate } from './write-gate.ts';

export interface ConnectionOptions {
  readonly address: Address;
  /** How the broker is called in errors. */
  readonly label: string;
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly maxResponseBytes: number;
  readonly network: Network;
  readonly clock: Clock;
  /** Default: tells nobody. */
  readonly diagnostics?: Diagnostics | undefined;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Part of an authentication, which other requests wait for. */
  readonly isAuthentication?: boolean | undefined;
}

interface Pending {
  readonly api: AnyApi;
  timer: Timer | undefined;
  isWritten: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
  readonly resolve: (frame: Uint8Array) => void;
  readonly reject: (error: KafkaError) => void;
}

/**
 * One connection to a broker. Requests are pipelined; answers find theirs by correlation id. A request that is not answered
 * in time ends the connection, since whatever follows would wait behind it. Requests are held back while the broker throttles
 * this client (KIP-219), and while the connection is authenticated anew (KIP-368).
 */
export class Connection {
  readonly label: string;
  /** Settles when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #clientId: string;
  readonly #clock: Clock;
  readonly #diagnostics: Diagnostics;
  readonly #assembler: FrameAssembler;
  readonly #pending = new Map<number, Pending>();
  readonly #settleClosed: () => void;
  readonly #throttled = new WriteGate();
  readonly #renewing = new WriteGate();
  #throttle: Timer | undefined;
  #beforeWrite: (() => void) | undefined;
  #answersCount = 0;
  #socket: Socket | undefined;
  #nextCorrelationId = 0;
  #failure: KafkaError | undefined;

  private constructor(options: ConnectionOptions) {
    this.label = options.label;
    this.#clientId = options.clientId;
    this.#clock = options.clock;
    this.#diagnostics = options.diagnostics ?? silentDiagnostics;
    this.#assembler = new FrameAssembler(options.maxResponseBytes, (frame) => this.#answered(frame));
    const { promise, resolve } = deferred();
    this.closed = promise;
    this.#settleClosed = resolve;
  }

  /** Connects. Rejects with a retriable NETWORK_EXCEPTION when the broker cannot be reached. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options);
    try {
      connection.#socket = await options.network.connect(options.address, options.connectTimeoutMs, {
        nextView: () => connection.#assembler.nextView(),
        received: (length) => connection.#received(length),
        closed: (error) => connection.#fail(error),
      });
    } catch (error) {
      throw networkError(connection.label, error, 'cannot be reached');
    }
    return connection;
  }

  get isClosed(): boolean {
    return this.#failure !== undefined;
  }

  /** Why it is gone. */
  get failure(): KafkaError | undefined {
    return this.#failure;
  }

  /** Before each request that is no authentication `beforeWrite` is called, and may hold the gate that this gives. */
  keepSession(beforeWrite: () => void): WriteGate {
    this.#beforeWrite = beforeWrite;
    return this.#renewing;
  }

  /** Sends a request and waits for its answer. Every failure is a `KafkaError` that names the broker. */
  async request<ReqIn, ReqOut, ResIn, ResOut>(
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    version: number,
    body: ReqIn,
    options: RequestOptions,
  ): Promise<ResOut> {
    const frame = await this.requestFrame(api, version, body, options);
    try {
      const answer = decodeResponse(api, version, frame).body;
      this.#mute(api, answer);
      return answer;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      throw this.#broken(`answered ${api.name} v${version} with bytes that cannot be read: ${error.message}`, error);
    }
  }

  /** The same, giving the answer's bytes. */
  requestFrame<ReqIn, ReqOut, ResIn, ResOut>(
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    version: number,
    body: ReqIn,
    options: RequestOptions,
  ): Promise<Uint8Array> {
    const { signal } = options;
    if (signal?.aborted === true) return Promise.reject(abortError(signal));
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const correlationId = this.#takeCorrelationId();
    const answer = new Promise<Uint8Array>((resolve, reject) => {
      const pieces = this.#encode(api, version, correlationId, body);
      const onAbort = (): void => this.#settle(correlationId)?.reject(abortError(signal));
      const pending: Pending = { api, timer: undefined, isWritten: false, signal, onAbort, resolve, reject };
      this.#pending.set(correlationId, pending);
      signal?.addEventListener('abort', onAbort, { once: true });
      const { timeoutMs } = options;
      this.#pass(options.isAuthentication === true, () => this.#writePending(correlationId, pieces, timeoutMs));
      if (!pending.isWritten) {
        pending.timer = this.#clock.setTimer(timeoutMs, () => this.#heldTooLong(correlationId, timeoutMs));
      }
    });
    const { request } = this.#diagnostics;
    if (request.hasSubscribers) {
      const asked = { clientId: this.#clientId, broker: this.label, api: api.name, version };
      watchRequest(request, asked, this.#clock, answer);
    }
    return answer;
  }

  /** Sends a request that has no answer (Produce with acks 0). */
  send<ReqIn, ReqOut, ResIn, ResOut>(api: Api<ReqIn, ReqOut, ResIn, ResOut>, version: number, body: ReqIn): void {
    if (this.#failure !== undefined) throw this.#failure;
    const pieces = this.#encode(api, version, this.#takeCorrelationId(), body);
    this.#pass(false, () => this.#socket?.write(pieces));
  }

  /** Closes at once; what is pending fails, with `error` where one is given. */
  close(error?: KafkaError): void {
    const details = { broker: this.label };
    this.#end(error ?? new KafkaError(ClientErrorCode.CLOSED, `the connection to ${this.label} was closed`, details));
  }

  #encode<ReqIn, ReqOut, ResIn, ResOut>(
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    version: number,
    correlationId: number,
    body: ReqIn,
  ): Uint8Array[] {
    const pieces = encodeRequest(api, version, { correlationId, clientId: this.#clientId }, body);
    return pieces.filter((piece): piece is Uint8Array => piece instanceof Uint8Array);
  }

  #pass(isAuthentication: boolean, write: () => void): void {
    this.#throttled.pass(() => {
      if (isAuthentication) {
        write();
        return;
      }
      this.#beforeWrite?.();
      this.#renewing.pass(write);
    });
  }

  #writePending(correlationId: number, pieces: readonly Uint8Array[], timeoutMs: number): void {
    const pending = this.#pending.get(correlationId);
    // Given up meanwhile.
    if (pending === undefined) return;
    pending.timer?.cancel();
    pending.timer = this.#clock.setTimer(timeoutMs, () => this.#timedOut(pending.api, timeoutMs));
    pending.isWritten = true;
    this.#socket?.write(pieces);
  }

  /** Whatever is sent now is not answered before the broker's time is over; so we keep it here (KIP-219). */
  #mute(api: AnyApi, answer: unknown): void {
    const { throttleTimeMs } = answer as { readonly throttleTimeMs?: number };
    if (throttleTimeMs === undefined || throttleTimeMs <= 0 || this.#failure !== undefined) return;
    const { throttle } = this.#diagnostics;
    if (throttle.hasSubscribers) {
      throttle.publish({ clientId: this.#clientId, broker: this.label, api: api.name, throttleTimeMs });
    }
    this.#throttle?.cancel();
    this.#throttled.hold();
    this.#throttle = this.#clock.setTimer(throttleTimeMs, () => this.#throttled.release());
  }

  #takeCorrelationId(): number {
    const id = this.#nextCorrelationId;
    this.#nextCorrelationId = (id + 1) & 0x7fff_ffff;
    return id;
  }

  #received(length: number): void {
    if (this.#failure !== undefined) return;
    try {
      this.#assembler.received(length);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#broken(
        `sent ${error.message}, which is no answer of a Kafka broker; if its listener wants TLS, set tls`,
        error,
      );
    }
  }

  #answered(frame: Uint8Array): void {
    if (frame.length < 4) {
      this.#broken('sent an answer without a correlation id');
      return;
    }
    const correlationId = new DataView(frame.buffer, frame.byteOffset).getInt32(0);
    // An answer that nobody waits for belongs to a request whose caller gave up.
    this.#answersCount += 1;
    this.#settle(correlationId)?.resolve(frame);
  }

  /** Takes a request out of the pending ones. */
  #settle(correlationId: number): Pending | undefined {
    const pending = this.#pending.get(correlationId);
    if (pending === undefined) return undefined;
    this.#pending.delete(correlationId);
    pending.timer?.cancel();
    pending.signal?.removeEventListener('abort', pending.onAbort);
    return pending;
  }

  /** The broker has not even got it: the connection is as good as before. */
  #heldTooLong(correlationId: number, timeoutMs: number): void {
    const pending = this.#settle(correlationId);
    if (pending === undefined) return;
    const message = `${this.label} throttles this client: ${pending.api.name} was held back for ${timeoutMs} ms`;
    pending.reject(new KafkaError(ErrorCode.REQUEST_TIMED_OUT, message, { broker: this.label }));
  }

  #timedOut(api: AnyApi, timeoutMs: number): void {
    const message = `${this.label} did not answer ${api.name} within ${timeoutMs} ms`;
    this.#end(new KafkaError(ErrorCode.REQUEST_TIMED_OUT, message, { broker: this.label }));
  }

  #broken(what: string, cause?: unknown): KafkaError {
    const error = new KafkaError(ErrorCode.CORRUPT_MESSAGE, `${this.label} ${what}`, {
      broker: this.label,
      retriable: false,
      cause,
    });
    this.#end(error);
    return error;
  }

  #fail(cause: Error | undefined): void {
    // What a listener with SASL does to whoever sends something else.
    const isEarly = cause === undefined && this.#answersCount === 1;
    const hint = isEarly ? ' before it answered anything but ApiVersions: if its listener wants SASL, set sasl' : '';
    this.#end(networkError(this.label, cause, `closed the connection${hint}`));
  }

  #end(error: KafkaError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#throttle?.cancel();
    this.#throttled.drop();
    this.#renewing.drop();
    this.#socket?.destroy();
    for (const correlationId of [...this.#pending.keys()]) this.#settle(correlationId)?.reject(error);
    this.#settleClosed();
  }
}

/** The error of a call whose signal fired. */
export function abortError(signal: AbortSignal | undefined): KafkaError {
  return new KafkaError(ClientErrorCode.ABORTED, 'the call was aborted', { cause: signal?.reason });
}
