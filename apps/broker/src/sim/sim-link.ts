import type { Clock } from '../ports/clock.ts';
import type { Connection, ConnectionEvents } from '../ports/network.ts';
import type { Random } from '../ports/random.ts';
import { NetworkError, type SimClientEvents, type SimSocket } from './sim-socket.ts';

/** What the network does to what is sent. Chances are out of 10,000, per delivery. */
export interface SimNetworkFaults {
  /** Longest time a piece is under way. */
  readonly delayMsMax: number;
  /** Largest piece that is delivered at once: frames arrive cut. */
  readonly pieceBytesMax: number;
  /** The connection is cut instead: what was under way may be lost, and neither side knows what arrived. */
  readonly cutChance: number;
}

/** Bytes that a simulated socket takes before `write` says to wait. */
const SEND_BUFFER_BYTES = 65_536;

/** The two wires of a connection: milliseconds that the next piece is under way, undefined while nothing gets through. */
export interface LinkRoute {
  toBroker(): number | undefined;
  toClient(): number | undefined;
}

/** After how long something is sent again that did not get through. */
const RETRANSMISSION_MS = 40;

export interface LinkOptions {
  readonly clock: Clock;
  readonly brokerClock: Clock;
  readonly random: Random;
  readonly faults: () => SimNetworkFaults;
  readonly gone: () => void;
  /** The wires between the two hosts. With them what a client sent before it closed still arrives. Default: none between. */
  readonly route?: LinkRoute | undefined;
}

/** Views that the broker gave to `write`; they are read when they are delivered, so that a use after release shows. */
interface PendingWrite {
  readonly views: readonly Uint8Array[];
  readonly sizeBytes: number;
  at: number;
  readonly sent: (error?: Error) => void;
}

/** One connection, both directions. */
export class Link {
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
  /** The client has closed, or died: only what it sent before is still under way. */
  #isClientGone = false;
  #isClosed = false;
  #isDeliveringToBroker = false;
  #isDeliveringToClient = false;

  constructor(clientPort: number, client: SimClientEvents, options: LinkOptions) {
    this.#clientPort = clientPort;
    this.#client = client;
    this.#options = options;
    const isClosed = (): boolean => this.#isClosed || this.#isClientGone;
    this.socket = {
      send: (bytes) => this.#send(bytes),
      pause: () => {
        this.#isClientPaused = true;
      },
      resume: () => {
        this.#isClientPaused = false;
        this.#scheduleToClient();
      },
      close: () => this.#closeByClient(),
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

  /** The broker has died. @param silenceMs how long the client does not hear of it: a machine without power says nothing */
  crash(silenceMs = 0): void {
    this.#broker = undefined;
    const views = this.#toClient.flatMap((write, index) => (index === 0 ? rest(write) : write.views));
    const sizeBytes = views.reduce((sum, view) => sum + view.length, 0);
    const bytes = copyRange(views, 0, this.#options.random.int(sizeBytes + 1));
    this.#toClient = [];
    const lastBytes = this.#isClientPaused || silenceMs > 0 ? undefined : bytes;
    this.#close(new NetworkError('ECONNRESET', 'the broker has died'), true, lastBytes, silenceMs);
  }

  #send(bytes: Uint8Array): void {
    if (this.#isClosed || this.#isClientGone || bytes.length === 0) return;
    this.#toBroker.push(bytes.slice());
    this.#scheduleToBroker();
  }

  #write(views: readonly Uint8Array[], sent: (error?: Error) => void): boolean {
    if (this.#isClosed) {
      this.#options.brokerClock.nextTurn(() => sent(new NetworkError('EPIPE', 'the connection has ended')));
      return true;
    }
    const sizeBytes = views.reduce((sum, view) => sum + view.length, 0);
    this.#toClient.push({ views, sizeBytes, at: 0, sent });
    this.#scheduleToClient();
    const queuedBytes = this.#toClient.reduce((sum, write) => sum + write.sizeBytes - write.at, 0);
    this.#isFull = queuedBytes >= SEND_BUFFER_BYTES;
    return !this.#isFull;
  }

  #delay(clock: Clock, to: 'broker' | 'client', action: () => void): void {
    const { random, faults, route } = this.#options;
    const delayMs = random.int(faults().delayMsMax + 1);
    if (route === undefined) clock.setTimer(delayMs, action);
    else this.#travel(clock, to === 'broker' ? route.toBroker : route.toClient, delayMs, action);
  }

  /** Once it is on its way nothing stops it; until then it is tried again and again. */
  #travel(clock: Clock, wire: () => number | undefined, delayMs: number, action: () => void): void {
    const wireMs = wire();
    if (wireMs === undefined) {
      this.#options.clock.setTimer(RETRANSMISSION_MS, () => this.#travel(clock, wire, delayMs, action));
    } else clock.setTimer(delayMs + wireMs, action);
  }

  #isCutNow(): boolean {
    const { random, faults } = this.#options;
    const { cutChance } = faults();
    return cutChance > 0 && random.int(10_000) < cutChance;
  }

  #scheduleToBroker(): void {
    if (this.#isDeliveringToBroker || this.#isBrokerPaused || this.#isClosed || this.#toBroker.length === 0) return;
    this.#isDeliveringToBroker = true;
    this.#delay(this.#options.brokerClock, 'broker', () => {
      this.#isDeliveringToBroker = false;
      this.#deliverToBroker();
      if (this.#isClientGone && this.#toBroker.length === 0) this.#close(undefined, true);
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
    if (this.#isDeliveringToClient || this.#isClientPaused || this.#isClientGone || this.#isClosed) return;
    if (this.#toClient.length === 0) {
      if (this.#isEnding) this.#delay(this.#options.clock, 'client', () => this.#close(undefined, false));
      return;
    }
    this.#isDeliveringToClient = true;
    this.#delay(this.#options.clock, 'client', () => {
      this.#isDeliveringToClient = false;
      this.#deliverToClient();
      this.#scheduleToClient();
    });
  }

  #deliverToClient(): void {
    const [write] = this.#toClient;
    if (this.#isClosed || this.#isClientPaused || this.#isClientGone || write === undefined) return;
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

  #closeByClient(): void {
    // Without wires between, what is under way is lost with the connection.
    if (this.#options.route === undefined || this.#toBroker.length === 0) this.#close(undefined, true);
    if (this.#isClosed || this.#isClientGone) return;
    this.#isClientGone = true;
    this.#options.clock.nextTurn(() => this.#client.closed(undefined));
    this.#scheduleToBroker();
  }

  /** Both ends are told, each by an event of its own; the other end as soon as word of it gets through. */
  #close(error: Error | undefined, byClient: boolean, lastBytes?: Uint8Array, silenceMs = 0): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.gone();
    const unsent = this.#toClient;
    this.#toClient = [];
    this.#toBroker = [];
    const { clock, brokerClock, route } = this.#options;
    const tellBroker = (): void => {
      for (const { sent } of unsent) sent(error ?? new NetworkError('ECONNABORTED', 'the connection has ended'));
      this.#broker?.closed(byClient ? error : undefined);
    };
    if (route !== undefined && byClient && error === undefined) this.#delay(brokerClock, 'broker', tellBroker);
    else brokerClock.nextTurn(tellBroker);
    if (this.#isClientGone) return;
    const tellClient = (): void => {
      if (lastBytes !== undefined && lastBytes.length > 0) this.#client.received(lastBytes);
      this.#client.closed(error);
    };
    if (silenceMs > 0) clock.setTimer(silenceMs, tellClient);
    else if (route !== undefined && byClient && error === undefined) clock.nextTurn(tellClient);
    else this.#delay(clock, 'client', tellClient);
  }
}

/** What of a write has not been delivered. */
function rest(write: PendingWrite): readonly Uint8Array[] {
  return [copyRange(write.views, write.at, write.sizeBytes - write.at)];
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
