import type { Clock } from '../ports/clock.ts';
import type { Connection, ConnectionEvents } from '../ports/network.ts';
import { NetworkError, type SimClientEvents, type SimSocket } from './sim-socket.ts';

/** A broker's end of a connection that it made itself: a client's simulated socket, seen through the network port. */
export class OutgoingEnd {
  readonly #clock: Clock;
  readonly #address: { readonly host: string; readonly port: number };
  #socket: SimSocket | undefined;
  #owner: ConnectionEvents | undefined;
  #isPaused = false;
  /** Bytes that came while the owner had paused. */
  #held: Uint8Array[] = [];
  gone: () => void = () => undefined;

  constructor(clock: Clock, address: { readonly host: string; readonly port: number }) {
    this.#clock = clock;
    this.#address = address;
  }

  /** What the link tells this end. */
  get events(): SimClientEvents {
    return {
      received: (bytes) => this.#received(bytes),
      closed: (error) => this.#closed(error),
    };
  }

  open(socket: SimSocket, open: (connection: Connection) => ConnectionEvents): void {
    this.#socket = socket;
    this.#owner = open({
      remoteAddress: this.#address.host,
      remotePort: this.#address.port,
      write: (views, sent) => this.#write(views, sent),
      pause: () => {
        this.#isPaused = true;
        socket.pause();
      },
      resume: () => {
        this.#isPaused = false;
        this.#clock.nextTurn(() => this.#flow());
      },
      end: () => socket.close(),
      destroy: () => socket.close(),
    });
  }

  /** The network fails: this end is told as the other is. */
  cut(): void {
    this.#socket?.close();
  }

  /** This end's process has died: it hears of nothing any more. */
  crash(): void {
    this.#owner = undefined;
    this.#socket?.close();
  }

  #write(views: readonly Uint8Array[], sent: (error?: Error) => void): boolean {
    const { isClosed } = this.#socket ?? { isClosed: true };
    for (const view of views) this.#socket?.send(view);
    const error = isClosed ? new NetworkError('EPIPE', 'the connection has ended') : undefined;
    this.#clock.nextTurn(() => sent(error));
    return true;
  }

  /** By this process's own clock: one that is stopped takes nothing. */
  #received(bytes: Uint8Array): void {
    this.#clock.nextTurn(() => {
      this.#held.push(bytes);
      this.#flow();
    });
  }

  /** As a system's reads do: no more than the owner's view takes, each a call of its own. */
  #flow(): void {
    for (let bytes = this.#held.shift(); bytes !== undefined; bytes = this.#held.shift()) {
      if (this.#owner === undefined) return;
      if (this.#isPaused) {
        this.#held.unshift(bytes);
        return;
      }
      const view = this.#owner.nextView();
      const count = Math.min(view.length, bytes.length);
      view.set(bytes.subarray(0, count));
      if (count < bytes.length) this.#held.unshift(bytes.subarray(count));
      this.#owner.received(count);
    }
    if (!this.#isPaused) this.#socket?.resume();
  }

  #closed(error: Error | undefined): void {
    this.#clock.nextTurn(() => {
      this.gone();
      const owner = this.#owner;
      this.#owner = undefined;
      owner?.closed(error);
    });
  }
}
