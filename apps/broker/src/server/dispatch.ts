import {
  type AnyApi,
  ApiVersions,
  decodeRequestHeader,
  ErrorCode,
  encodeResponse,
  Reader,
  type RequestHead,
} from '@ks/protocol';
import type { AdvertisedApi, BrokerServices } from '../handlers/broker-services.ts';
import { envelopeHandler, type ServedApi } from '../handlers/envelope.ts';
import { CloseConnection, type Handler } from '../handlers/handler.ts';
import { forward, isForController } from './forward.ts';
import { type Authorize, type ConnectionFacts, ServerRequestContext } from './request-context.ts';
import type { RequestMetrics } from './request-metrics.ts';
import { releaseBody, type Sendable, sendablesOf, sizeOf } from './response-parts.ts';

/** A request that cannot be answered: it ends its connection. */
export class RequestError extends Error {
  /** The API's name, or its number where it is unknown. */
  readonly api: string;
  readonly clientId: string | null;
  /** Whether the broker failed, not the request: worth a stack. */
  readonly isBug: boolean;
  constructor(api: string, clientId: string | null, cause: unknown, isBug = false) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'RequestError';
    this.api = api;
    this.clientId = clientId;
    this.isBug = isBug;
  }
}

/** The frame to send, or undefined for no answer. */
export type Answer = readonly Sendable[] | undefined;

/** A request that was admitted. */
export interface Dispatched {
  readonly handler: Handler;
  readonly clientId: string | null;
  /** Rejects with what the handler threw. */
  readonly answer: Answer | Promise<Answer>;
}

/** Finds the handler of a frame, decodes, calls, encodes. */
export class Dispatcher {
  readonly #broker: BrokerServices;
  readonly #authorize: Authorize;
  readonly #served: ReadonlyMap<number, ServedApi>;
  readonly #metrics: RequestMetrics;

  constructor(handlers: readonly Handler[], broker: BrokerServices, authorize: Authorize, metrics: RequestMetrics) {
    this.#metrics = metrics;
    this.#broker = broker;
    this.#authorize = authorize;
    const versionsByKey = new Map(broker.apis.map(({ apiKey, served }) => [apiKey, served]));
    const served = new Map<number, ServedApi>(
      handlers.flatMap((handler) => {
        const versions = versionsByKey.get(handler.api.key);
        return versions ? [[handler.api.key, { handler, versions }]] : [];
      }),
    );
    const envelope = envelopeHandler(new Map(served), authorize);
    // Brokers know that they have it: clients are not told.
    this.#served = served.set(envelope.api.key, { handler: envelope, versions: envelope.api.versions });
  }

  /** Admits one request: everything its handler does before it first gives up control has happened. Throws `RequestError`. */
  dispatch(frame: Uint8Array, connection: ConnectionFacts): Dispatched {
    try {
      return this.#admit(frame, connection);
    } catch (error) {
      this.#metrics.refused(error instanceof RequestError ? error.api : '-1');
      throw error;
    }
  }

  #admit(frame: Uint8Array, connection: ConnectionFacts): Dispatched {
    const reader = new Reader(frame);
    const apiKey = reader.int16();
    const version = reader.int16();
    const served = this.#served.get(apiKey);
    if (served === undefined) throw new RequestError(String(apiKey), clientIdOf(frame), 'unknown API key');
    const { handler, versions } = served;
    const { api } = handler;
    if (version < versions.min || version > versions.max) {
      const clientId = clientIdOf(frame);
      if (api.key !== ApiVersions.key) throw new RequestError(api.name, clientId, `unsupported version ${version}`);
      return { handler, clientId, answer: unsupportedApiVersions(reader.int32(), versions) };
    }
    reader.position = 0;
    const head = decodeHead(reader, api);
    this.#metrics.received(api, frame.length);
    const request = decodeBody(handler, head, frame, reader.position);
    const context = new ServerRequestContext(connection, head, this.#broker.clock.now(), this.#authorize);
    return { handler, clientId: head.clientId, answer: this.#call(handler, request, head, context) };
  }

  #call(
    handler: Handler,
    request: unknown,
    head: RequestHead,
    context: ServerRequestContext,
  ): Answer | Promise<Answer> {
    const { clock } = this.#broker;
    const startedMs = clock.monotonicMs();
    const answered = (body: unknown): Answer => {
      this.#metrics.answered(handler.api, body, clock.monotonicMs() - startedMs);
      const answer = encode(handler.api, head, body);
      if (answer !== undefined) this.#metrics.sent(handler.api, sizeOf(answer));
      return answer;
    };
    const refused = (error: unknown): never => {
      this.#metrics.refused(handler.api.name);
      return asError(error);
    };
    const asError = (error: unknown): never => {
      throw new RequestError(handler.api.name, head.clientId, error, !(error instanceof CloseConnection));
    };
    try {
      const result = isForController(handler, request, this.#broker.controllerChannel)
        ? forward(handler, this.#broker, request, context)
        : handler.handle(this.#broker, request, context);
      return result instanceof Promise ? result.then(answered).catch(refused) : answered(result);
    } catch (error) {
      return asError(error);
    }
  }
}

function decodeHead(reader: Reader, api: AnyApi): RequestHead {
  const frameAt = reader.position;
  try {
    return decodeRequestHeader(reader, () => api);
  } catch (error) {
    reader.position = frameAt;
    throw new RequestError(api.name, clientIdAt(reader), error);
  }
}

/** Who sent a request that cannot be read, for the log: every header but the very oldest has its name at one place. */
function clientIdOf(frame: Uint8Array): string | null {
  return clientIdAt(new Reader(frame));
}

function clientIdAt(reader: Reader): string | null {
  try {
    reader.int32();
    reader.int32();
    return reader.nullableString();
  } catch {
    return null;
  }
}

/** The request of the frame's body, which begins at `bodyAt`. */
function decodeBody(handler: Handler, head: RequestHead, frame: Uint8Array, bodyAt: number): unknown {
  const codec = handler.api.request.codec(head.apiVersion);
  const { borrowsBytes } = handler.options;
  try {
    return codec.decode(borrowsBytes ? new Reader(frame, bodyAt) : new Reader(frame.slice(bodyAt)));
  } catch (error) {
    throw new RequestError(handler.api.name, head.clientId, error);
  }
}

function encode(api: AnyApi, head: RequestHead, body: unknown): Answer {
  if (body === undefined) return undefined;
  try {
    return sendablesOf(encodeResponse(api, head.apiVersion, head.correlationId, body));
  } catch (error) {
    releaseBody(body);
    throw error;
  }
}

/** What every client can read whatever it asked in: version 0, with the one range it needs to ask again. */
function unsupportedApiVersions(correlationId: number, range: AdvertisedApi['served']): Answer {
  const apiKeys = [{ apiKey: ApiVersions.key, minVersion: range.min, maxVersion: range.max }];
  return sendablesOf(
    encodeResponse(ApiVersions, 0, correlationId, { errorCode: ErrorCode.UNSUPPORTED_VERSION, apiKeys }),
  );
}
