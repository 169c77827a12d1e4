import { type AnyApi, type Api, decodeResponse, ErrorCode, encodeRequest, ProtocolError } from '@ks/protocol';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Address, Network, Socket } from '../ports/network.ts';
import { FrameAssembler } from './frame-assembler.ts';

export interface ConnectionOptions {
  readonly address: Address;
  /** How the broker is called in errors. */
  readonly label: string;
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly maxResponseBytes: number;
  readonly network: Network;
  readonly clock: Clock;
}

export interface RequestOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface Pending {
  readonly api: AnyApi;
  readonly version: number;
  readonly timer: Timer;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
  readonly resolve: (frame: Uint8Array) => void;
  readonly reject: (error: KafkaError) => void;
}

/**
 * One connection to a broker. Requests are pipelined; answers find theirs by correlation id. A request that is not answered
 * in time ends the connection, since whatever follows would wait behind it.
 */
export class Connection {
  readonly label: string;
  /** Settles when the connection is gone, for whatever reason. */
  readonly closed: Promise<void>;
  readonly #clientId: string;
  readonly #clock: Clock;
  readonly #assembler: FrameAssembler;
  readonly #pending = new Map<number, Pending>();
  readonly #settleClosed: () => void;
  #socket: Socket | undefined;
  #nextCorrelationId = 0;
  #failure: KafkaError | undefined;

  private constructor(options: ConnectionOptions) {
    this.label = options.label;
    this.#clientId = options.clientId;
    this.#clock = options.clock;
    this.#assembler = new FrameAssembler(options.maxResponseBytes, (frame) => this.#answered(frame));
    const { promise, resolve } = promiseWithResolvers();
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
        closed: (error) => connection.#fail(error, 'closed the connection'),
      });
    } catch (error) {
      throw connection.#networkError(error, 'cannot be reached');
    }
    return connection;
  }

  get isClosed(): boolean {
    return this.#failure !== undefined;
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
      return decodeResponse(api, version, frame).body;
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
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#settle(correlationId)?.reject(abortError(signal));
      const timer = this.#clock.setTimer(options.timeoutMs, () => this.#timedOut(api, options.timeoutMs));
      this.#pending.set(correlationId, { api, version, timer, signal, onAbort, resolve, reject });
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        this.#write(api, version, correlationId, body);
      } catch (error) {
        this.#settle(correlationId);
        throw error;
      }
    });
  }

  /** Sends a request that has no answer (Produce with acks 0). */
  send<ReqIn, ReqOut, ResIn, ResOut>(api: Api<ReqIn, ReqOut, ResIn, ResOut>, version: number, body: ReqIn): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#write(api, version, this.#takeCorrelationId(), body);
  }

  /** Closes at once; what is pending fails. */
  close(): void {
    this.#end(
      new KafkaError(ClientErrorCode.CLOSED, `the connection to ${this.label} was closed`, { broker: this.label }),
    );
  }

  #write<ReqIn, ReqOut, ResIn, ResOut>(
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    version: number,
    correlationId: number,
    body: ReqIn,
  ): void {
    const pieces = encodeRequest(api, version, { correlationId, clientId: this.#clientId }, body);
    this.#socket?.write(pieces.filter((piece): piece is Uint8Array => piece instanceof Uint8Array));
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
      this.#broken(`sent ${error.message}, which is no answer of a Kafka broker`, error);
    }
  }

  #answered(frame: Uint8Array): void {
    if (frame.length < 4) {
      this.#broken('sent an answer without a correlation id');
      return;
    }
    const correlationId = new DataView(frame.buffer, frame.byteOffset).getInt32(0);
    // An answer that nobody waits for belongs to a request whose caller gave up.
    this.#settle(correlationId)?.resolve(frame);
  }

  /** Takes a request out of the pending ones. */
  #settle(correlationId: number): Pending | undefined {
    const pending = this.#pending.get(correlationId);
    if (pending === undefined) return undefined;
    this.#pending.delete(correlationId);
    pending.timer.cancel();
    pending.signal?.removeEventListener('abort', pending.onAbort);
    return pending;
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

  #fail(cause: Error | undefined, what: string): void {
    this.#end(this.#networkError(cause, what));
  }

  #networkError(cause: unknown, what: string): KafkaError {
    const reason = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : '';
    return new KafkaError(ErrorCode.NETWORK_EXCEPTION, `${this.label} ${what}${reason}`, {
      broker: this.label,
      retriable: true,
      cause,
    });
  }

  #end(error: KafkaError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#socket?.destroy();
    for (const correlationId of [...this.#pending.keys()]) this.#settle(correlationId)?.reject(error);
    this.#settleClosed();
  }
}

/** The error of a call whose signal fired. */
export function abortError(signal: AbortSignal | undefined): KafkaError {
  return new KafkaError(ClientErrorCode.ABORTED, 'the call was aborted', { cause: signal?.reason });
}

function promiseWithResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
