import type { AnyApi, RequestOf, ResponseInput } from '@ks/protocol';
import type { Instant } from '../ports/clock.ts';
import type { BrokerServices } from './broker-services.ts';

/** Kafka's ACL operations, by their names in the protocol. */
export type AclOperation =
  | 'ALL'
  | 'READ'
  | 'WRITE'
  | 'CREATE'
  | 'DELETE'
  | 'ALTER'
  | 'DESCRIBE'
  | 'CLUSTER_ACTION'
  | 'DESCRIBE_CONFIGS'
  | 'ALTER_CONFIGS'
  | 'IDEMPOTENT_WRITE'
  | 'CREATE_TOKENS'
  | 'DESCRIBE_TOKENS'
  | 'TWO_PHASE_COMMIT';

/** Kafka's ACL resource types. The one cluster resource is named `kafka-cluster`. */
export type AclResourceType = 'TOPIC' | 'GROUP' | 'CLUSTER' | 'TRANSACTIONAL_ID' | 'DELEGATION_TOKEN' | 'USER';

/** Who sent a request, over which connection, and how to wait on that connection's behalf. */
export interface RequestContext {
  readonly apiVersion: number;
  readonly correlationId: number;
  /** As the client named itself; null where it did not. */
  readonly clientId: string | null;
  /** Kafka's form, `User:alice`; `User:ANONYMOUS` where the listener does not authenticate. */
  readonly principal: string;
  /** Unique among the connections of this broker process. */
  readonly connectionId: string;
  /** The peer's address without the port. */
  readonly remoteAddress: string;
  /** Name of the listener that accepted the connection: Metadata answers this listener's addresses. */
  readonly listenerName: string;
  /** When the request was dispatched. */
  readonly now: Instant;
  /** The broker that the client asked, where that one sent the request here, to the controller. */
  readonly forwardedBy?: number | undefined;
  /** Aborts when the connection is gone: a parked request that only reads may then stop. One signal serves all requests of a connection. */
  readonly signal: AbortSignal;
  /** Whether the principal may do `operation` on the resource. */
  authorize(operation: AclOperation, resourceType: AclResourceType, resourceName: string): boolean;
  /**
   * For a wait that must come before the request's append (inflating on the thread pool, verifying a transaction elsewhere):
   * until `wait` settles this connection is not read and no later request of it starts. Call it before the handler's first
   * await, and re-check epoch, role and producer state after it.
   */
  exclusive<T>(wait: Promise<T>): Promise<T>;
}

/** Thrown by a handler to end the connection without an answer, as Kafka does for a failed Produce with acks 0. */
export class CloseConnection extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'CloseConnection';
  }
}

/** How an API is served, where the defaults do not fit. */
export interface HandlerOptions {
  /** The versions that are served; default: what the target release's brokers serve. Never more than that. */
  readonly versions?: readonly [min: number, max: number];
  /**
   * Whether the views in the request (`records`, byte fields) point into the memory that all sockets read into, so that they are
   * only valid until the handler first gives up control. Default: a copy that stays as long as it is referenced.
   */
  readonly borrowsBytes?: boolean;
  /** Requests of this API that one connection may have under way before its later requests wait. Default: no limit of its own. */
  readonly inFlightMax?: number;
  /**
   * Whether only the controller can answer a request: any other broker sends it there, with who asks, and gives back what it says.
   * Where that is not possible in time the handler is called after all, and what it asks of the controller is NOT_CONTROLLER.
   */
  readonly byController?: boolean | ((request: unknown) => boolean);
}

/** What a handler gives: the response, or a promise of it, or undefined for no response at all (Produce with acks 0). */
export type HandlerResult<A extends AnyApi> = ResponseInput<A> | undefined | Promise<ResponseInput<A> | undefined>;

/** A handler as dispatch sees it: the message types are gone, `api` ties them together. */
export interface Handler {
  readonly api: AnyApi;
  readonly options: HandlerOptions;
  /** `request` is what `api.request` decoded; the result is what `api.response` encodes. */
  readonly handle: (broker: BrokerServices, request: unknown, context: RequestContext) => unknown;
}

/**
 * Declares the handler of one API.
 *
 * Two stages. Everything that `handle` does before its first await is *admitted*: strictly serial per connection, in
 * arrival order, and normally it ends with the append. The returned promise may then *park* (high watermark, long poll)
 * while later requests of the connection are admitted. Responses leave in request order whatever order they complete in.
 * A wait before the append goes through `context.exclusive`.
 *
 * Errors a client can be told are values in the response. Anything thrown ends the connection: `CloseConnection` with one
 * log line, everything else with its stack. The process goes on in each case.
 */
export function handler<A extends AnyApi>(
  api: A,
  options: HandlerOptions,
  handle: (broker: BrokerServices, request: RequestOf<A>, context: RequestContext) => HandlerResult<A>,
): Handler {
  // The one place where the message types are forgotten: dispatch decodes with `api.request`, so `request` is a RequestOf<A>.
  return { api, options, handle: handle as Handler['handle'] };
}
