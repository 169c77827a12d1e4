import type { Clock } from '../ports/clock.ts';
import type { Connection, ConnectionEvents, Listening, Network } from '../ports/network.ts';
import type { Random } from '../ports/random.ts';
import { Link, NetworkError, type SimClientEvents, type SimNetworkFaults, type SimSocket } from './sim-link.ts';

export type { SimClientEvents, SimNetworkFaults, SimSocket } from './sim-link.ts';

export const noNetworkFaults: SimNetworkFaults = { delayMsMax: 0, pieceBytesMax: 1_048_576, cutChance: 0 };

/** Sockets without a system: pieces, delays and cuts come from the seed behind `random`, time from the simulated clock. */
export class SimNetwork implements Network {
  readonly #clock: Clock;
  readonly #brokerClock: Clock;
  readonly #random: Random;
  readonly #listeners = new Map<number, (connection: Connection) => ConnectionEvents>();
  readonly #links = new Set<Link>();
  #nextPort = 20_000;
  #clientPort = 40_000;
  faults: SimNetworkFaults;

  constructor(options: {
    readonly clock: Clock;
    /** What the broker's end hears comes by this clock, where it is another one. */
    readonly brokerClock?: Clock;
    readonly random: Random;
    readonly faults?: SimNetworkFaults;
  }) {
    this.#clock = options.clock;
    this.#brokerClock = options.brokerClock ?? options.clock;
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
      brokerClock: this.#brokerClock,
      random: this.#random,
      faults: () => this.faults,
      gone: () => void this.#links.delete(link),
    });
    this.#links.add(link);
    link.accept(accept);
    return link.socket;
  }

  /** Connections that are open now. */
  get connectionCount(): number {
    return this.#links.size;
  }

  /** Cuts every connection now, as a failure of the network does. */
  cutAll(): void {
    for (const link of [...this.#links]) link.cut();
  }

  /** The broker's process ends: it hears of nothing any more. Of what it had sent, any part still reaches its clients. */
  crash(): void {
    this.#listeners.clear();
    for (const link of [...this.#links]) link.crash();
  }
}
