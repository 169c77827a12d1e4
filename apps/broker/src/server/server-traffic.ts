import type { ConnectionLimit } from './connection-gate.ts';

/** Why the broker closed a connection. */
export type ClosingCause = 'idle' | 'slow-reader' | 'stalled-request' | 'refused-request' | 'broker-error';

/** What a server counts of its connections, from its start on. */
export class ServerTraffic {
  acceptedConnections = 0;
  receivedBytes = 0;
  sentBytes = 0;
  readonly refusedConnections = new Map<ConnectionLimit, number>();
  readonly closedConnections = new Map<ClosingCause, number>();

  refused(limit: ConnectionLimit): void {
    this.refusedConnections.set(limit, (this.refusedConnections.get(limit) ?? 0) + 1);
  }
  closed(cause: ClosingCause): void {
    this.closedConnections.set(cause, (this.closedConnections.get(cause) ?? 0) + 1);
  }
}
