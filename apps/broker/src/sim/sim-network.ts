import type { Clock } from '../ports/clock.ts';
import type { Connection, ConnectionEvents, Listening, Network } from '../ports/network.ts';
import type { Random } from '../ports/random.ts';
import { OutgoingEnd } from './sim-outgoing-end.ts';
import { Link, type LinkRoute, type SimNetworkFaults } from './sim-link.ts';
import { NetworkError, type SimClientEvents, type SimSocket } from './sim-socket.ts';

export type { LinkRoute, SimNetworkFaults } from './sim-link.ts';
export type { SimClientEvents, SimSocket } from './sim-socket.ts';

/** How long a connection is waited for between two tries to reach the other host. */
const CONNECT_RETRY_MS = 50;

export const noNetworkFaults: SimNetworkFaults = { delayMsMax: 0, pieceBytesMax: 1_048_576, cutChance: 0 };

/** Sockets without a system: pieces, delays and cuts come from the seed behind `random`, time from the simulated clock. */
export class SimNetwork implements Network {
  readonly #clock: Clock;
  readonly #brokerClock: Clock;
  readonly #random: Random;
  readonly #listeners = new Map<number, (connection: Connection) => ConnectionEvents>();
  readonly #links = new Set<Link>();
  /** This broker's ends of the connections that it made. */
  readonly #outgoing = new Set<OutgoingEnd>();
  #nextPort = 20_000;
  #clientPort = 40_000;
  readonly #networkAt: (address: { readonly host: string; readonly port: number }) => SimNetwork | undefined;
  readonly #host: string;
  readonly #routeFrom: (host: string) => LinkRoute | undefined;
  faults: SimNetworkFaults;

  constructor(options: {
    readonly clock: Clock;
    /** What the broker's end hears comes by this clock, where it is another one. */
    readonly brokerClock?: Clock;
    readonly random: Random;
    readonly faults?: SimNetworkFaults;
    /** The network of the process that an address leads to, for connections between brokers. Default: this one. */
    readonly networkAt?: (address: { readonly host: string; readonly port: number }) => SimNetwork | undefined;
    /** The host that this network's process runs on. */
    readonly host?: string;
    /** The wires between another host and this one. Default: there is nothing between. */
    readonly routeFrom?: (host: string) => LinkRoute | undefined;
  }) {
    this.#clock = options.clock;
    this.#brokerClock = options.brokerClock ?? options.clock;
    this.#random = options.random;
    this.faults = options.faults ?? noNetworkFaults;
    this.#networkAt = options.networkAt ?? (() => this);
    this.#host = options.host ?? '10.0.0.1';
    this.#routeFrom = options.routeFrom ?? (() => undefined);
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

  /** Connects this network's broker to another one. A process that dies is `crash`ed on both: here its own ends are forgotten. */
  async connect(
    address: { readonly host: string; readonly port: number },
    open: (connection: Connection) => ConnectionEvents,
    signal: AbortSignal,
  ): Promise<void> {
    const target = await this.#reach(address, signal);
    const end = new OutgoingEnd(this.#brokerClock, address);
    const socket = target.connectClient(address.port, end.events, this.#host);
    end.open(socket, open);
    this.#outgoing.add(end);
    end.gone = () => this.#outgoing.delete(end);
  }

  /** The network at the address, once packets come and go between here and there. */
  async #reach(address: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<SimNetwork> {
    for (;;) {
      await this.#turn();
      if (signal.aborted) throw signal.reason;
      const target = this.#networkAt(address);
      if (target === undefined) throw new NetworkError('EHOSTUNREACH', `nothing answers at ${address.host}`);
      const route = target.#routeFrom(this.#host);
      if (route === undefined) return target;
      const [thereMs, backMs] = [route.toBroker(), route.toClient()];
      const isThere = thereMs !== undefined && backMs !== undefined;
      const waitMs = isThere ? thereMs + backMs : CONNECT_RETRY_MS;
      await new Promise<void>((resolve) => void this.#brokerClock.setTimer(waitMs, resolve));
      if (signal.aborted) throw signal.reason;
      if (isThere && this.#networkAt(address) === target) return target;
    }
  }

  /** As long as a packet is under way. */
  #turn(): Promise<void> {
    const delayMs = this.#random.int(this.faults.delayMsMax + 1);
    return new Promise((resolve) => this.#brokerClock.setTimer(delayMs, resolve));
  }

  /** Connects a client on some host; throws ECONNREFUSED where nobody listens. */
  connectClient(port: number, events: SimClientEvents, host = '10.0.0.1'): SimSocket {
    const accept = this.#listeners.get(port);
    if (accept === undefined) throw new NetworkError('ECONNREFUSED', `nobody listens on port ${port}`);
    const link = new Link(this.#clientPort++, events, {
      clock: this.#clock,
      brokerClock: this.#brokerClock,
      random: this.#random,
      faults: () => this.faults,
      gone: () => void this.#links.delete(link),
      route: this.#routeFrom(host),
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
    for (const end of [...this.#outgoing]) end.cut();
  }

  /**
   * The broker's process ends: it hears of nothing any more. Of what it had sent, any part still reaches its clients.
   * @param silenceMs how long the others do not hear of it, where the machine has died with it
   */
  crash(silenceMs = 0): void {
    this.#listeners.clear();
    for (const end of [...this.#outgoing]) end.crash();
    for (const link of [...this.#links]) link.crash(silenceMs);
  }
}
