import type { Address, Network, Socket, SocketEvents } from '../../src/ports/network.ts';

/** The server's side of a connection. */
export interface Peer {
  readonly address: Address;
  /** Sends bytes to the client. */
  send(bytes: Uint8Array): void;
  /** Closes the connection; with an error it looks like a reset. */
  close(error?: Error): void;
  readonly isClosed: boolean;
}

export interface Listener {
  /** A frame came in, without its size. */
  readonly received: (peer: Peer, frame: Uint8Array) => void;
}

/** A network in memory: every delivery takes a turn, bytes are copied, and listeners can come and go. */
export class FakeNetwork implements Network {
  readonly #listeners = new Map<string, Listener>();
  readonly #peers = new Map<string, Set<Peer>>();
  readonly #touch: () => void;
  /** How often each address was tried. */
  readonly attempts = new Map<string, number>();

  /** `touch` is called whenever something is under way. */
  constructor(touch: () => void) {
    this.#touch = touch;
  }

  listen(address: Address, listener: Listener): void {
    this.#listeners.set(keyOf(address), listener);
  }

  /** Connections to that address end, and new ones are refused. */
  stop(address: Address): void {
    this.#listeners.delete(keyOf(address));
    for (const peer of this.#peers.get(keyOf(address)) ?? []) peer.close(new Error('read ECONNRESET'));
  }

  get openConnections(): number {
    return [...this.#peers.values()].reduce((sum, peers) => sum + peers.size, 0);
  }

  async connect(address: Address, _timeoutMs: number, events: SocketEvents): Promise<Socket> {
    const key = keyOf(address);
    const touch = this.#touch;
    touch();
    this.attempts.set(key, (this.attempts.get(key) ?? 0) + 1);
    await turn();
    const listener = this.#listeners.get(key);
    if (listener === undefined) throw new Error(`connect ECONNREFUSED ${key}`);
    const peers = this.#peers.get(key) ?? new Set();
    this.#peers.set(key, peers);
    let isClosed = false;
    const close = (error?: Error): void => {
      if (isClosed) return;
      isClosed = true;
      peers.delete(peer);
      touch();
      setImmediate(() => events.closed(error));
    };
    const peer: Peer = {
      address,
      send: (bytes) => {
        touch();
        const copy = bytes.slice();
        setImmediate(() => {
          if (!isClosed) deliver(copy, events);
        });
      },
      close,
      get isClosed() {
        return isClosed;
      },
    };
    peers.add(peer);
    let pending: Uint8Array = new Uint8Array(0);
    return {
      write: (pieces) => {
        touch();
        const bytes = Buffer.concat(pieces);
        setImmediate(() => {
          if (isClosed) return;
          pending = Buffer.concat([pending, bytes]);
          for (let frame = takeFrame(); frame !== undefined; frame = takeFrame()) listener.received(peer, frame);
        });
      },
      destroy: () => close(),
    };
    function takeFrame(): Uint8Array | undefined {
      if (pending.length < 4) return undefined;
      const size = new DataView(pending.buffer, pending.byteOffset).getInt32(0);
      if (pending.length < 4 + size) return undefined;
      const frame = pending.slice(4, 4 + size);
      pending = pending.subarray(4 + size);
      return frame;
    }
  }
}

function deliver(bytes: Uint8Array, events: SocketEvents): void {
  for (let at = 0; at < bytes.length; ) {
    const view = events.nextView();
    const length = Math.min(view.length, bytes.length - at);
    view.set(bytes.subarray(at, at + length));
    at += length;
    events.received(length);
  }
}

function keyOf(address: Address): string {
  return `${address.host}:${address.port}`;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
