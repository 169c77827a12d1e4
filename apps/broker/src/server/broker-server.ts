import type { Listener } from '../config/listeners.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Connection, ConnectionEvents, Listening, Network } from '../ports/network.ts';
import { ClientConnection, type ConnectionLimits, type ConnectionShared } from './connection.ts';
import type { Dispatcher } from './dispatch.ts';
import { type HeldMemory, heapMemory, type MemorySource, RequestMemory } from './request-memory.ts';
import { StepMemory } from './step-memory.ts';
import { TurnQueue } from './turn.ts';

/** What all connections read into: small enough to stay in the processor's cache. */
const LANDING_BYTES = 262_144;
/** How often time-outs are looked at. */
const SWEEP_MS = 1000;
/** How soon connections are tried again that found the broker full. */
const PRESSURE_MS = 2;

/** How many connections may be open at a time. */
export interface ConnectionCounts {
  /** max.connections */
  readonly connectionsMax: number;
  /** max.connections.per.ip */
  readonly connectionsPerIpMax: number;
}

export interface ServerLimits extends ConnectionLimits, ConnectionCounts {
  /** queued.max.request.bytes */
  readonly queuedBytesMax: number;
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
  readonly #countByAddress = new Map<string, number>();
  #connectionLimits: ConnectionCounts;
  /** Those that found the broker full. */
  #pressed = new Set<ClientConnection>();
  #sweep: Timer | undefined;
  #connectionCount = 0;
  #refusedCount = 0;
  #isQuiet = false;
  #isClosed = false;
  #settled: (() => void) | undefined;

  constructor(options: ServerOptions) {
    const { clock, limits, memory } = options;
    this.#options = options;
    this.#connectionLimits = limits;
    this.#requestMemory = new RequestMemory(memory, limits.queuedBytesMax);
    const turn = new TurnQueue<ClientConnection>(clock, (connection) => connection.flush());
    this.#landing = memory.reserve(LANDING_BYTES) ?? heapMemory(LANDING_BYTES);
    this.#shared = {
      dispatcher: options.dispatcher,
      landing: this.#landing.bytes,
      memory: this.#requestMemory,
      steps: new StepMemory(memory),
      limits,
      logger: options.logger,
      monotonicMs: () => clock.monotonicMs(),
      dirty: (connection) => turn.add(connection),
      mayAdmit: (connection) => this.#mayAdmit(connection),
      gone: (connection) => this.#forget(connection),
    };
  }

  get connectionCount(): number {
    return this.#connections.size;
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
    this.#connectionLimits = limits;
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
    const limits = this.#connectionLimits;
    const onAddress = this.#countByAddress.get(socket.remoteAddress) ?? 0;
    const isRefused = this.#connections.size >= limits.connectionsMax || onAddress >= limits.connectionsPerIpMax;
    if (isRefused || this.#isQuiet) return this.#refuse(socket);
    this.#countByAddress.set(socket.remoteAddress, onAddress + 1);
    this.#connectionCount += 1;
    const connectionId = `${listenerName}-${this.#connectionCount}`;
    const connection = new ClientConnection(socket, connectionId, listenerName, this.#shared);
    this.#connections.add(connection);
    return connection;
  }

  #refuse(socket: Connection): ConnectionEvents {
    this.#refusedCount += 1;
    socket.destroy();
    const nowhere = new Uint8Array(1);
    return { nextView: () => nowhere, received: () => undefined, drained: () => undefined, closed: () => undefined };
  }

  #forget(connection: ClientConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.#pressed.delete(connection);
    const left = (this.#countByAddress.get(connection.remoteAddress) ?? 1) - 1;
    if (left === 0) this.#countByAddress.delete(connection.remoteAddress);
    else this.#countByAddress.set(connection.remoteAddress, left);
    if (this.#connections.size === 0) this.#settled?.();
  }

  #mayAdmit(connection: ClientConnection): boolean {
    if (!this.#options.isFull()) return true;
    if (this.#pressed.size === 0) this.#options.clock.setTimer(PRESSURE_MS, () => this.#relieve());
    this.#pressed.add(connection);
    return false;
  }

  #relieve(): void {
    const pressed = this.#pressed;
    this.#pressed = new Set();
    for (const connection of pressed) this.#shared.dirty(connection);
  }

  #sweepConnections(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const connection of this.#connections) connection.checkTimeouts(nowMs);
    if (this.#refusedCount > 0) {
      const fields = { count: this.#refusedCount, connections: this.#connections.size };
      this.#options.logger.warn(fields, 'Refused connections: max.connections or max.connections.per.ip is reached');
      this.#refusedCount = 0;
    }
    this.#sweep = this.#options.clock.setTimer(SWEEP_MS, () => this.#sweepConnections());
  }
}
