import {
  decodeRequestHeader,
  Envelope,
  encodeResponse,
  ErrorCode,
  joinFrame,
  ProtocolError,
  Reader,
} from '@ks/protocol';
import type { AdvertisedApi } from './broker-services.ts';
import { type Handler, handler, type RequestContext } from './handler.ts';
import { CLUSTER_NAME } from './shared/authorized-operations.ts';
import { decodeCaller, type ForwardedCaller } from '../runtime/forwarded-caller.ts';
import { type Authorize, ServerRequestContext } from '../server/request-context.ts';

/** A handler and the versions it is called for. */
export interface ServedApi {
  readonly handler: Handler;
  readonly versions: AdvertisedApi['served'];
}

/** A request out of an envelope. */
interface Unpacked {
  readonly handler: Handler;
  readonly request: unknown;
  readonly head: { readonly apiVersion: number; readonly correlationId: number; readonly clientId: string | null };
  readonly caller: Omit<ForwardedCaller, 'clientId'>;
}

/**
 * Answers requests that other brokers were asked and that only the controller can answer (Envelope v0, KIP-590). It is never sent on:
 * who is not the controller says so. Errors of the request itself are in the answer inside, those of the envelope outside.
 */
export function envelopeHandler(served: ReadonlyMap<number, ServedApi>, authorize: Authorize): Handler {
  return handler(Envelope, {}, async (broker, envelope, context) => {
    const { listenerName } = context;
    if (!context.authorize('CLUSTER_ACTION', 'CLUSTER', CLUSTER_NAME)) {
      return { errorCode: ErrorCode.CLUSTER_AUTHORIZATION_FAILED };
    }
    if (listenerName !== broker.config.listeners.interBrokerListenerName)
      return { errorCode: ErrorCode.INVALID_REQUEST };
    const unpacked = unpack(envelope, served);
    if (unpacked === undefined) return { errorCode: ErrorCode.INVALID_REQUEST };
    if (!broker.controllerChannel.isHere) return { errorCode: ErrorCode.NOT_CONTROLLER };
    const { handler: asked, request, head, caller } = unpacked;
    const inner = callerContext(caller, head, context, authorize);
    const answer = await asked.handle(broker, request, inner);
    const frame = joinFrame(encodeResponse(asked.api, head.apiVersion, head.correlationId, answer));
    return { errorCode: ErrorCode.NONE, responseData: frame.subarray(4) };
  });
}

function unpack(
  envelope: {
    readonly requestData: Uint8Array;
    readonly requestPrincipal: Uint8Array | null;
    readonly clientHostAddress: Uint8Array;
  },
  served: ReadonlyMap<number, ServedApi>,
): Unpacked | undefined {
  const caller = decodeCaller(envelope.requestPrincipal, envelope.clientHostAddress);
  if (caller === undefined) return undefined;
  const reader = new Reader(envelope.requestData);
  try {
    const head = decodeRequestHeader(reader, (apiKey) => served.get(apiKey)?.handler.api);
    const api = served.get(head.apiKey);
    if (api === undefined || api.handler.options.byController === undefined) return undefined;
    if (head.apiVersion < api.versions.min || head.apiVersion > api.versions.max) return undefined;
    const request = api.handler.api.request.codec(head.apiVersion).decode(reader);
    return { handler: api.handler, request, head, caller };
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** Who asked, as the broker that was asked saw them. What a broker wants for itself it may: it is let to act for the cluster. */
function callerContext(
  { principal, host, listenerName, brokerId }: Unpacked['caller'],
  head: Unpacked['head'],
  outer: RequestContext,
  authorize: Authorize,
): RequestContext {
  const facts = {
    connectionId: outer.connectionId,
    remoteAddress: host,
    listenerName,
    principal: principal ?? outer.principal,
    signal: outer.signal,
    exclusive: <T>(wait: Promise<T>) => outer.exclusive(wait),
  };
  return new ServerRequestContext(facts, head, outer.now, principal === null ? () => true : authorize, brokerId);
}
