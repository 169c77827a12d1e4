import {
  type Api,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  frameSizeBytes,
  joinFrame,
  Reader,
  type WirePiece,
} from '@ks/protocol';
import { bytesOfParts, type WirePart } from '../../ports/wire-part.ts';
import type { BrokerServices } from '../broker-services.ts';
import type { Handler, RequestContext } from '../handler.ts';

/** What a test says of the request beside its body. */
export interface ExchangeOptions {
  readonly version: number;
  readonly broker: Partial<BrokerServices>;
  /** Topics (or other resources) the principal may not touch. */
  readonly denied?: readonly string[];
  /** Decides instead of `denied`. */
  readonly authorize?: RequestContext['authorize'];
  readonly signal?: AbortSignal;
  /** Default: the beginning of time. */
  readonly now?: RequestContext['now'];
  /** Called with what the handler waits for exclusively. */
  readonly onExclusive?: (wait: Promise<unknown>) => void;
}

/**
 * Sends a request through its bytes to a handler and the answer back through its own, as dispatch would. `undefined`: no response.
 */
export async function exchange<In, Out, ResIn, ResOut>(
  handler: Handler,
  api: Api<In, Out, ResIn, ResOut>,
  body: In,
  options: ExchangeOptions,
): Promise<ResOut | undefined> {
  const { version } = options;
  const frame = joinFrame(encodeRequest(api, version, { correlationId: 1, clientId: null }, body));
  // size 4, key 2, version 2, correlation id 4, null client id 2, and the tag byte of flexible versions
  const request = api.request.codec(version).decode(new Reader(frame.subarray(version >= api.flexibleSince ? 15 : 14)));
  const answer = await handler.handle(options.broker as BrokerServices, request, contextOf(options));
  if (answer === undefined) return undefined;
  const response = await collect(encodeResponse(api, version, 1, answer as ResIn));
  return decodeResponse(api, version, response.subarray(4)).body;
}

async function collect(pieces: readonly WirePiece[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(frameSizeBytes(pieces));
  let at = 0;
  for (const piece of pieces) {
    const view = piece instanceof Uint8Array ? piece : await bytesOfParts([piece as WirePart]);
    bytes.set(view, at);
    at += view.length;
  }
  return bytes;
}

function contextOf({ version, denied = [], authorize, signal, now, onExclusive }: ExchangeOptions): RequestContext {
  return {
    apiVersion: version,
    correlationId: 1,
    clientId: null,
    principal: 'User:ANONYMOUS',
    connectionId: 'test',
    remoteAddress: '127.0.0.1',
    listenerName: 'PLAINTEXT',
    now: now ?? { monotonicMs: 0, wallMs: 0 },
    signal: signal ?? new AbortController().signal,
    authorize: authorize ?? ((_operation, _type, name) => !denied.includes(name)),
    exclusive: (wait) => {
      onExclusive?.(wait);
      return wait;
    },
  };
}
