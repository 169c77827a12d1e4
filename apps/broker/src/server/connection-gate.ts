/** What one listener may have of its own, besides the broker's. */
export interface ListenerCounts {
  /** listener.name.NAME.max.connections */
  readonly connectionsMax: number;
  /** listener.name.NAME.max.connection.creation.rate */
  readonly creationRateMax: number;
}

/** How many connections may be open at a time, and how fast they may come. */
export interface ConnectionCounts {
  /** max.connections */
  readonly connectionsMax: number;
  /** max.connections.per.ip */
  readonly connectionsPerIpMax: number;
  /** max.connections.per.ip.overrides, by address. */
  readonly perIpOverrides: ReadonlyMap<string, number>;
  /** max.connection.creation.rate, a second. */
  readonly creationRateMax: number;
  /** By the listener's name; one that is absent has no limits of its own. */
  readonly byListener: ReadonlyMap<string, ListenerCounts>;
}

/** The limit that a connection met. */
export type ConnectionLimit = 'max.connections' | 'max.connections.per.ip' | 'max.connection.creation.rate';

export const unlimitedConnections: ConnectionCounts = {
  connectionsMax: Number.POSITIVE_INFINITY,
  connectionsPerIpMax: Number.POSITIVE_INFINITY,
  perIpOverrides: new Map(),
  creationRateMax: Number.POSITIVE_INFINITY,
  byListener: new Map(),
};

/** Connections that may be made a second: a second's worth may come at once. */
class Pace {
  #left = Number.POSITIVE_INFINITY;
  #atMs = 0;

  mayGo(ratePerSecond: number, nowMs: number): boolean {
    const seconds = (nowMs - this.#atMs) / 1000;
    const gained = seconds > 0 ? seconds * ratePerSecond : 0;
    this.#left = Math.min(ratePerSecond, this.#left + gained);
    this.#atMs = nowMs;
    return this.#left >= 1;
  }
  go(): void {
    this.#left -= 1;
  }
}

/** Decides which connections are let in. Counts by listener and by address; times are the caller's. */
export class ConnectionGate {
  #limits: ConnectionCounts;
  #open = 0;
  readonly #openByListener = new Map<string, number>();
  readonly #openByAddress = new Map<string, number>();
  readonly #pace = new Pace();
  readonly #paceByListener = new Map<string, Pace>();

  constructor(limits: ConnectionCounts) {
    this.#limits = limits;
  }

  /** Connections let in and not gone. */
  get openCount(): number {
    return this.#open;
  }

  /** Changes the limits. Those that are in stay. */
  limit(limits: ConnectionCounts): void {
    this.#limits = limits;
  }

  /** Lets a connection in and counts it, or says which limit it meets. */
  enter(listener: string, address: string, nowMs: number): ConnectionLimit | undefined {
    const { connectionsMax, connectionsPerIpMax, perIpOverrides, creationRateMax, byListener } = this.#limits;
    const own = byListener.get(listener);
    const onAddress = this.#openByAddress.get(address) ?? 0;
    if (onAddress >= (perIpOverrides.get(address) ?? connectionsPerIpMax)) return 'max.connections.per.ip';
    const onListener = this.#openByListener.get(listener) ?? 0;
    if (this.#open >= connectionsMax || onListener >= (own?.connectionsMax ?? Number.POSITIVE_INFINITY)) {
      return 'max.connections';
    }
    const pace = this.#paceOf(listener);
    const isPaced =
      this.#pace.mayGo(creationRateMax, nowMs) && pace.mayGo(own?.creationRateMax ?? Number.POSITIVE_INFINITY, nowMs);
    if (!isPaced) return 'max.connection.creation.rate';
    this.#pace.go();
    pace.go();
    this.#open += 1;
    this.#openByListener.set(listener, onListener + 1);
    this.#openByAddress.set(address, onAddress + 1);
    return undefined;
  }

  /** A connection that was let in is gone. */
  leave(listener: string, address: string): void {
    this.#open -= 1;
    decrease(this.#openByListener, listener);
    decrease(this.#openByAddress, address);
  }

  #paceOf(listener: string): Pace {
    let pace = this.#paceByListener.get(listener);
    if (pace === undefined) {
      pace = new Pace();
      this.#paceByListener.set(listener, pace);
    }
    return pace;
  }
}

function decrease(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 1) - 1;
  if (left === 0) counts.delete(key);
  else counts.set(key, left);
}
