import type { Clock } from '../ports/clock.ts';
import type { Connection, ConnectionEvents, Listening, Network } from '../ports/network.ts';
import type { Random } from '../ports/random.ts';

/** What the network does to what is sent. Chances are out of 10,000, per delivery. */
export interface SimNetworkFaults {
  /** Longest time a piece is under way. */
  readonly delayMsMax: number;
  /** Largest piece that is delivered at once: frames arrive cut. */
  readonly pieceBytesMax: number;
  /** The connection is cut instead: what was under way may be lost, and neither side knows what arrived. */
  readonly cutChance: number;
}

export const noNetworkFaults: SimNetworkFaults = { delayMsMax: 0, pieceBytesMax: 1_048_576, cutChance: 0 };

/** Bytes that a simulated socket takes before `write` says to wait. */
const SEND_BUFFER_BYTES = 65_536;

/** What a simulated client is told. */
export interface SimClientEvents {
  received(bytes: Uint8Array): void;
  closed(error: Error | undefined): void;
}

/** A simulated client's end. */
export interface SimSocket {
  /** The bytes are copied. */
  send(bytes: Uint8Array): void;
  /** Stops and restarts taking what the broker sends. */
  pause(): void;
  resume(): void;
  close(): void;
  readonly isClosed: boolean;
}

class NetworkError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'NetworkError';
    this.code = code;
  }
}

/** Sockets without a system: pieces, delays and cuts come from the seed behind `random`, time from the simulated clock. */
export class SimNetwork implements Network {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #listeners = new Map<number, (connection: Connection) => ConnectionEvents>();
  readonly #links = new Set<Link>();
  #nextPort = 20_000;
  #clientPort = 40_000;
  faults: SimNetworkFaults;

  constructor(options: { readonly clock: Clock; readonly random: Random; readonly faults?: SimNetworkFaults }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.faults = options.faults ?? noNetworkFaults;
  }

  async listen(
    address: { readonly host: string; readonly port: number },
    accept: (connection: Connection) => ConnectionEvents,
  ): Promise<Listening> {
    const port = address.port === 0 ? this.#nextPort++ : address.port;
    if (this.#listeners.has(port)) throw new NetworkError('EADDRINUSE', `port ${port} is in use`);
    this.#listeners.set(port, accept);
    return {
      host: address.host,
      port,
      close: async () => {
        this.#listeners.delete(port);
      },
    };
  }

  /** Connects a client; throws ECONNREFUSED where nobody listens. */
  connect(port: number, events: SimClientEvents): SimSocket {
    const accept = this.#listeners.get(port);
    if (accept === undefined) throw new NetworkError('ECONNREFUSED', `nobody listens on port ${port}`);
    const link = new Link(this.#clientPort++, events, {
      clock: this.#clock,
      random: this.#random,
      faults: () => this.faults,
      gone: () => void this.#links.delete(link),
    });
    this.#links.add(link);
    link.accept(accept);
    return link.socket;
  }

  /** Cuts every connection now: a crash of the broker, or of the network. */
  cutAll(): void {
    for (const link of [...this.#links]) link.cut();
  }
}

interface LinkOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly faults: () => SimNetworkFaults;
  readonly gone: () => void;
}

/** Views that the broker gave to `write`; they are read when they are delivered, so that a use after release shows. */
interface PendingWrite {
  readonly views: readonly Uint8Array[];
  readonly sizeBytes: number;
  at: number;
  readonly sent: (error?: Error) => void;
}

/** One connection, both directions. */
class Link {
  readonly socket: SimSocket;
  readonly #client: SimClientEvents;
  readonly #options: LinkOptions;
  readonly #clientPort: number;
  #broker: ConnectionEvents | undefined;
  /** Where the broker's next bytes land: asked for when the last ones were handled, as a system's read is armed. */
  #armed: Uint8Array | undefined;
  #toBroker: Uint8Array[] = [];
  #toClient: PendingWrite[] = [];
  #isBrokerPaused = false;
  #isClientPaused = false;
  #isFull = false;
  #isEnding = false;
  #isClosed = false;
  #isDeliveringToBroker = false;
  #isDeliveringToClient = false;

  constructor(clientPort: number, client: SimClientEvents, options: LinkOptions) {
    this.#clientPort = clientPort;
    this.#client = client;
    this.#options = options;
    const isClosed = (): boolean => this.#isClosed;
    this.socket = {
      send: (bytes) => this.#send(bytes),
      pause: () => {
        this.#isClientPaused = true;
      },
      resume: () => {
        this.#isClientPaused = false;
        this.#scheduleToClient();
      },
      close: () => this.#close(undefined, true),
      get isClosed() {
        return isClosed();
      },
    };
  }

  accept(accept: (connection: Connection) => ConnectionEvents): void {
    this.#broker = accept({
      remoteAddress: '10.0.0.1',
      remotePort: this.#clientPort,
      write: (views, sent) => this.#write(views, sent),
      pause: () => {
        this.#isBrokerPaused = true;
      },
      resume: () => {
        this.#isBrokerPaused = false;
        this.#scheduleToBroker();
      },
      end: () => {
        this.#isEnding = true;
        this.#scheduleToClient();
      },
      destroy: (error) => this.#close(error, false),
    });
    if (!this.#isClosed) this.#armed = this.#broker.nextView();
  }

  cut(): void {
    this.#close(new NetworkError('ECONNRESET', 'the connection was cut'), true);
  }

  #send(bytes: Uint8Array): void {
    if (this.#isClosed || bytes.length === 0) return;
    this.#toBroker.push(bytes.slice());
    this.#scheduleToBroker();
  }

  #write(views: readonly Uint8Array[], sent: (error?: Error) => void): boolean {
    if (this.#isClosed) {
      this.#options.clock.nextTurn(() => sent(new NetworkError('EPIPE', 'the connection has ended')));
      return true;
    }
    const sizeBytes = views.reduce((sum, view) => sum + view.length, 0);
    this.#toClient.push({ views, sizeBytes, at: 0, sent });
    this.#scheduleToClient();
    const queuedBytes = this.#toClient.reduce((sum, write) => sum + write.sizeBytes - write.at, 0);
    this.#isFull = queuedBytes >= SEND_BUFFER_BYTES;
    return !this.#isFull;
  }

  #delay(action: () => void): void {
    const { clock, random, faults } = this.#options;
    clock.setTimer(random.int(faults().delayMsMax + 1), action);
  }

  #isCutNow(): boolean {
    const { random, faults } = this.#options;
    const { cutChance } = faults();
    return cutChance > 0 && random.int(10_000) < cutChance;
  }

  #scheduleToBroker(): void {
    if (this.#isDeliveringToBroker || this.#isBrokerPaused || this.#isClosed || this.#toBroker.length === 0) return;
    this.#isDeliveringToBroker = true;
    this.#delay(() => {
      this.#isDeliveringToBroker = false;
      this.#deliverToBroker();
      this.#scheduleToBroker();
    });
  }

  #deliverToBroker(): void {
    const [first] = this.#toBroker;
    if (this.#isClosed || this.#isBrokerPaused || first === undefined || !this.#armed || !this.#broker) return;
    if (this.#isCutNow()) {
      this.cut();
      return;
    }
    const { random, faults } = this.#options;
    const count = Math.min(first.length, this.#armed.length, 1 + random.int(faults().pieceBytesMax));
    this.#armed.set(first.subarray(0, count));
    if (count === first.length) this.#toBroker.shift();
    else this.#toBroker[0] = first.subarray(count);
    this.#broker.received(count);
    if (!this.#isClosed) this.#armed = this.#broker.nextView();
  }

  #scheduleToClient(): void {
    if (this.#isDeliveringToClient || this.#isClientPaused || this.#isClosed) return;
    if (this.#toClient.length === 0) {
      if (this.#isEnding) this.#delay(() => this.#close(undefined, false));
      return;
    }
    this.#isDeliveringToClient = true;
    this.#delay(() => {
      this.#isDeliveringToClient = false;
      this.#deliverToClient();
      this.#scheduleToClient();
    });
  }

  #deliverToClient(): void {
    const [write] = this.#toClient;
    if (this.#isClosed || this.#isClientPaused || write === undefined) return;
    if (this.#isCutNow()) {
      this.cut();
      return;
    }
    const { random, faults } = this.#options;
    const count = Math.min(write.sizeBytes - write.at, 1 + random.int(faults().pieceBytesMax));
    const bytes = copyRange(write.views, write.at, count);
    write.at += count;
    if (write.at === write.sizeBytes) {
      this.#toClient.shift();
      write.sent();
    }
    if (bytes.length > 0) this.#client.received(bytes);
    if (!this.#isFull || this.#isClosed || this.#toClient.length > 0) return;
    this.#isFull = false;
    this.#broker?.drained();
  }

  /** Both ends are told, each by an event of its own. */
  #close(error: Error | undefined, byClient: boolean): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.gone();
    const unsent = this.#toClient;
    this.#toClient = [];
    this.#toBroker = [];
    this.#options.clock.nextTurn(() => {
      for (const { sent } of unsent) sent(error ?? new NetworkError('ECONNABORTED', 'the connection has ended'));
      this.#broker?.closed(byClient ? error : undefined);
    });
    this.#delay(() => this.#client.closed(error));
  }
}

function copyRange(views: readonly Uint8Array[], from: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let start = 0;
  for (const view of views) {
    const begin = Math.max(from, start);
    const end = Math.min(from + count, start + view.length);
    if (begin < end) bytes.set(view.subarray(begin - start, end - start), begin - from);
    start += view.length;
  }
  return bytes;
}
