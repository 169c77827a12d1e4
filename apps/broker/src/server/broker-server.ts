import type { Listener } from '../config/listeners.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Connection, ConnectionEvents, Listening, Network } from '../ports/network.ts';
import { Backlog } from './backlog.ts';
import { ClosingLog } from './closing-log.ts';
import { ClientConnection } from './connection.ts';
import type { ConnectionLimits, ConnectionShared } from './connection-shared.ts';
import { type ConnectionCounts, ConnectionGate, type ConnectionLimit } from './connection-gate.ts';
import type { Dispatcher } from './dispatch.ts';
import { FairOrder } from './fair-order.ts';
import { type HeldMemory, heapMemory, type MemorySource, RequestMemory } from './request-memory.ts';
import { ServerTraffic } from './server-traffic.ts';
import { StepMemory } from './step-memory.ts';
import { TurnQueue } from './turn.ts';
import { UnsentResponses } from './unsent-responses.ts';

/** What all connections read into: small enough to stay in the processor's cache. */
const LANDING_BYTES = 262_144;
/** How often time-outs are looked at. */
const SWEEP_MS = 1000;
/** How soon connections are tried again that found the broker full. */
const PRESSURE_MS = 2;

export interface ServerLimits extends ConnectionLimits, ConnectionCounts {
  /** queued.max.request.bytes */
  readonly queuedBytesMax: number;
  /** Response bytes on the heap that all connections may leave unsent before they are hurried. */
  readonly unsentInAllMax: number;
}

export interface ServerOptions {
  readonly network: Network;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dispatcher: Dispatcher;
  readonly limits: ServerLimits;
  readonly memory: MemorySource;
  /** Whether the log cannot take in more now: then no request is admitted. */
  readonly isFull: () => boolean;
}

/** All listeners of a broker and the connections they accepted. */
export class BrokerServer {
  readonly #options: ServerOptions;
  readonly #shared: ConnectionShared;
  readonly #requestMemory: RequestMemory;
  readonly #landing: HeldMemory;
  readonly #listening: Listening[] = [];
  readonly #connections = new Set<ClientConnection>();
  readonly #gate: ConnectionGate;
  readonly #backlog: Backlog<ClientConnection>;
  readonly #closings: ClosingLog;
  /** What came and went since the start. */
  readonly traffic = new ServerTraffic();
  /** Those that found the broker full. */
  readonly #pressed = new Set<ClientConnection>();
  #sweep: Timer | undefined;
  /** By the limit that they met, since the last look; and an address of them. */
  #refused = new Map<ConnectionLimit, { count: number; readonly address: string }>();
  #isQuiet = false;
  #isClosed = false;
  #settled: (() => void) | undefined;

  constructor(options: ServerOptions) {
    const { clock, limits, memory } = options;
    this.#options = options;
    this.#gate = new ConnectionGate(limits);
    this.#closings = new ClosingLog(options.logger);
    this.#requestMemory = new RequestMemory(memory, limits.queuedBytesMax);
    const turn = new TurnQueue<ClientConnection>(clock, (connection) => connection.flush());
    this.#backlog = new Backlog<ClientConnection>(clock, (connection) => connection.readOn());
    this.#landing = memory.reserve(LANDING_BYTES) ?? heapMemory(LANDING_BYTES);
    this.#shared = {
      dispatcher: options.dispatcher,
      landing: this.#landing.bytes,
      memory: this.#requestMemory,
      order: new FairOrder(() => this.#leastWaiting()),
      steps: new StepMemory(memory),
      unsent: new UnsentResponses(limits.unsentInAllMax),
      traffic: this.traffic,
      limits,
      logger: options.logger,
      closings: this.#closings,
      monotonicMs: () => clock.monotonicMs(),
      dirty: (connection) => turn.add(connection),
      behind: (connection) => this.#backlog.add(connection),
      mayAdmit: (connection) => this.#mayAdmit(connection),
      unwilling: (connection) => {
        this.#pressed.delete(connection);
        connection.wait.stepAside();
      },
      gone: (connection) => this.#forget(connection),
    };
  }

  get connectionCount(): number {
    return this.#connections.size;
  }
  /** Bytes of responses on the heap that clients have not taken. */
  get unsentBytes(): number {
    return this.#shared.unsent.bytes;
  }
  /** Bytes of requests held that have not been handled yet. */
  get requestBytes(): number {
    return this.#requestMemory.usedBytes;
  }

  /** Starts to listen; rejects with the system's error. Returns the address that was bound. */
  async listen(listener: Listener): Promise<Listener> {
    const address = { host: listener.host, port: listener.port };
    const listening = await this.#options.network.listen(address, (socket) => this.#accept(socket, listener.name));
    this.#listening.push(listening);
    this.#sweep ??= this.#options.clock.setTimer(SWEEP_MS, () => this.#sweepConnections());
    return { name: listener.name, host: listening.host, port: listening.port };
  }

  /** Changes how many connections may be open. Those that are stay. */
  limitConnections(limits: ConnectionCounts): void {
    this.#gate.limit(limits);
  }

  /** Stops accepting and taking in requests. What is under way goes on. */
  async quiesce(): Promise<void> {
    this.#isQuiet = true;
    for (const connection of this.#connections) connection.quiesce();
    await Promise.all(this.#listening.map((listening) => listening.close()));
  }

  /** After `quiesce`: waits until every connection has sent its last response and is gone, at most `timeoutMs`. */
  async settle(timeoutMs: number): Promise<void> {
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#options.clock.setTimer(timeoutMs, resolve);
      this.#settled = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** Closes every connection, whatever is under way, and gives the memory back that they read into. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sweep?.cancel();
    for (const connection of [...this.#connections]) connection.destroy();
    this.#landing.release();
  }

  #accept(socket: Connection, listenerName: string): ConnectionEvents {
    if (this.#isQuiet) return nobody(socket);
    const limit = this.#gate.enter(listenerName, socket.remoteAddress, this.#options.clock.monotonicMs());
    if (limit !== undefined) return this.#refuse(socket, limit);
    this.traffic.acceptedConnections += 1;
    const connectionId = `${listenerName}-${this.traffic.acceptedConnections}`;
    const connection = new ClientConnection(socket, connectionId, listenerName, this.#shared);
    this.#connections.add(connection);
    return connection;
  }

  #refuse(socket: Connection, limit: ConnectionLimit): ConnectionEvents {
    this.traffic.refused(limit);
    const refused = this.#refused.get(limit) ?? { count: 0, address: socket.remoteAddress };
    refused.count += 1;
    this.#refused.set(limit, refused);
    return nobody(socket);
  }

  #forget(connection: ClientConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.#pressed.delete(connection);
    this.#backlog.delete(connection);
    this.#gate.leave(connection.listenerName, connection.remoteAddress);
    if (this.#connections.size === 0) this.#settled?.();
  }

  #mayAdmit(connection: ClientConnection): boolean {
    if (!this.#options.isFull() && !this.#isBehindPressed(connection)) {
      this.#pressed.delete(connection);
      return true;
    }
    if (this.#pressed.size === 0) this.#relieveSoon();
    this.#pressed.add(connection);
    return false;
  }

  /** Whether one that found the broker full comes before the connection. */
  #isBehindPressed(connection: ClientConnection): boolean {
    for (const { wait } of this.#pressed) if (wait.place < connection.wait.place) return true;
    return false;
  }

  #leastWaiting(): number {
    let least = this.#requestMemory.firstPlace;
    for (const { wait } of this.#pressed) least = Math.min(least, wait.place);
    return least;
  }

  #relieveSoon(): void {
    this.#options.clock.setTimer(PRESSURE_MS, () => this.#relieve());
  }

  /** One look for all that wait: as many go on as the log takes, in their order. */
  #relieve(): void {
    if (this.#pressed.size > 0 && this.#options.isFull()) {
      this.#relieveSoon();
      return;
    }
    const pressed = [...this.#pressed].sort((one, other) => one.wait.place - other.wait.place);
    // They stay until they are admitted, so that nobody overtakes them.
    for (const connection of pressed) this.#shared.dirty(connection);
    if (pressed.length > 0) this.#relieveSoon();
  }

  /**
   * A request that got the last memory did not go on. Only one at a time may go beyond the bound: were all those who wait let have it one
   * after the other, a thousand that hold half a request each would stop everybody for hours. Ends those that never got a request through,
   * and of them those that have waited longest, but never the last that waits: it is served next.
   */
  #freeMemory(nowMs: number, freedBytes: number): void {
    const { stalledMs, queuedBytesMax } = this.#options.limits;
    const since = ({ wait }: ClientConnection): number => wait.starvedSinceMs ?? nowMs;
    const starved = [...this.#connections].filter(({ wait }) => wait.starvedSinceMs !== undefined);
    const rank = ({ wait }: ClientConnection): number => (wait.wasServed ? 1 : 0);
    starved.sort((one, other) => rank(one) - rank(other) || since(one) - since(other));
    let usedBytes = this.#requestMemory.usedBytes - freedBytes;
    for (const connection of starved.slice(0, -1)) {
      if (usedBytes <= queuedBytesMax / 2 || nowMs - since(connection) < stalledMs) return;
      usedBytes -= connection.giveUpMemory();
    }
  }

  #sweepConnections(): void {
    const nowMs = this.#options.clock.monotonicMs();
    let freedBytes = 0;
    for (const connection of this.#connections) freedBytes += connection.checkTimeouts(nowMs);
    if (freedBytes > 0) this.#freeMemory(nowMs, freedBytes);
    this.#closings.tick();
    for (const [limit, { count, address }] of this.#refused) {
      const fields = { limit, count, address, connections: this.#connections.size };
      this.#options.logger.warn(fields, `Refused connections: ${limit} is reached`);
    }
    this.#refused = new Map();
    this.#sweep = this.#options.clock.setTimer(SWEEP_MS, () => this.#sweepConnections());
  }
}

/** Ends a connection that nobody takes. */
function nobody(socket: Connection): ConnectionEvents {
  socket.destroy();
  const nowhere = new Uint8Array(1);
  return { nextView: () => nowhere, received: () => undefined, drained: () => undefined, closed: () => undefined };
}
