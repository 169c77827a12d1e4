import type { AclOperation, AclResourceType, RequestContext } from '../handlers/handler.ts';
import type { Instant } from '../ports/clock.ts';

/** What the requests of one connection have in common, given by the connection. */
export interface ConnectionFacts {
  readonly connectionId: string;
  readonly remoteAddress: string;
  readonly listenerName: string;
  readonly principal: string;
  readonly signal: AbortSignal;
  /** Holds the connection until `wait` settles (see `RequestContext.exclusive`). */
  exclusive<T>(wait: Promise<T>): Promise<T>;
}

/** Decides whether a principal may do something; deny is false. */
export type Authorize = (
  principal: string,
  host: string,
  operation: AclOperation,
  resourceType: AclResourceType,
  resourceName: string,
) => boolean;

/** The context of one request. */
export class ServerRequestContext implements RequestContext {
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  readonly now: Instant;
  readonly forwardedBy: number | undefined;
  readonly #connection: ConnectionFacts;
  readonly #authorize: Authorize;

  constructor(
    connection: ConnectionFacts,
    header: { readonly apiVersion: number; readonly correlationId: number; readonly clientId: string | null },
    now: Instant,
    authorize: Authorize,
    forwardedBy?: number,
  ) {
    this.apiVersion = header.apiVersion;
    this.correlationId = header.correlationId;
    this.clientId = header.clientId;
    this.now = now;
    this.#connection = connection;
    this.#authorize = authorize;
    this.forwardedBy = forwardedBy;
  }

  get principal(): string {
    return this.#connection.principal;
  }
  get connectionId(): string {
    return this.#connection.connectionId;
  }
  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }
  get listenerName(): string {
    return this.#connection.listenerName;
  }
  get signal(): AbortSignal {
    return this.#connection.signal;
  }

  authorize(operation: AclOperation, resourceType: AclResourceType, resourceName: string): boolean {
    return this.#authorize(this.principal, this.remoteAddress, operation, resourceType, resourceName);
  }

  exclusive<T>(wait: Promise<T>): Promise<T> {
    return this.#connection.exclusive(wait);
  }
}
