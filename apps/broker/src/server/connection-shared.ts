import type { Logger } from '../ports/logger.ts';
import type { ClosingLog } from './closing-log.ts';
import type { ClientConnection } from './connection.ts';
import type { Dispatcher } from './dispatch.ts';
import type { FairOrder } from './fair-order.ts';
import type { RequestMemory } from './request-memory.ts';
import type { ServerTraffic } from './server-traffic.ts';
import type { StepMemory } from './step-memory.ts';
import type { UnsentResponses } from './unsent-responses.ts';

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
  /** While memory is short: a connection that holds some and does not go on for this long is ended. */
  readonly stalledMs: number;
}

/** What all connections of a server share. */
export interface ConnectionShared {
  readonly dispatcher: Dispatcher;
  readonly landing: Uint8Array;
  readonly memory: RequestMemory;
  readonly order: FairOrder;
  readonly steps: StepMemory;
  readonly unsent: UnsentResponses;
  readonly traffic: ServerTraffic;
  readonly limits: ConnectionLimits;
  readonly logger: Logger;
  readonly closings: ClosingLog;
  readonly monotonicMs: () => number;
  /** `flush` of the connection shall run at the end of this loop turn. */
  readonly dirty: (connection: ClientConnection) => void;
  /** `readOn` of the connection shall run when it is its turn. */
  readonly behind: (connection: ClientConnection) => void;
  /** Whether the broker can take in requests; where it cannot, `flush` is to be called again soon. */
  readonly mayAdmit: (connection: ClientConnection) => boolean;
  /** The connection could take in no request now: nobody waits behind it. */
  readonly unwilling: (connection: ClientConnection) => void;
  readonly gone: (connection: ClientConnection) => void;
}
