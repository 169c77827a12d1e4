export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What the owner of a socket gives to the network. All calls come from one thread, never nested in another. */
export interface SocketEvents {
  /** Where the next bytes shall land; asked before every read. At least one byte long. */
  nextView(): Uint8Array;
  /** `length` bytes have arrived at the start of the view that `nextView` gave last. */
  received(length: number): void;
  /** The connection is gone; nothing follows. `error` is set unless the other side closed it in order. */
  closed(error: Error | undefined): void;
}

/** A connection that stands. */
export interface Socket {
  /** Sends the pieces in order, as one where the system can. They must not change until they are sent. */
  write(pieces: readonly Uint8Array[]): void;
  /** Closes at once; `closed` is called afterwards, without an error. */
  destroy(): void;
}

/** The sockets. */
export interface Network {
  /** Opens a connection. Rejects with the system's error, or after `timeoutMs`. */
  connect(address: Address, timeoutMs: number, events: SocketEvents): Promise<Socket>;
}
