/** What the owner of a connection gives to the network. All calls come from one thread, never nested in another. */
export interface ConnectionEvents {
  /** Where the next bytes shall land; called before every read. At least one byte long. */
  nextView(): Uint8Array;
  /** `length` bytes have arrived at the start of the view that `nextView` gave last. */
  received(length: number): void;
  /** The socket's send buffer has room again after `write` returned false. */
  drained(): void;
  /** The connection is gone; nothing follows. `error` is set unless one side closed it in order. */
  closed(error: Error | undefined): void;
}

/** One connection, whoever made it. */
export interface Connection {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Sends the views in order, as one piece where the system can. The views must not change until `sent` is called
   * (with an error when the connection ended first). Returns false when the sender should wait for `drained`. */
  write(views: readonly Uint8Array[], sent: (error?: Error) => void): boolean;
  /** Stops and restarts reading. */
  pause(): void;
  resume(): void;
  /** Lets written bytes go out, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(error?: Error): void;
}

export interface Listening {
  readonly host: string;
  /** The port that was bound, of use where 0 was asked for. */
  readonly port: number;
  /** Stops accepting; connections stay. */
  close(): Promise<void>;
}

/** The sockets. */
export interface Network {
  /** Rejects with an `Error` whose `code` is the system's (EADDRINUSE...) when the address cannot be had. */
  listen(
    address: { readonly host: string; readonly port: number },
    accept: (connection: Connection) => ConnectionEvents,
  ): Promise<Listening>;
  /**
   * Connects. `open` is called once, when the connection stands, and gets its events from then on. Rejects with an `Error`
   * whose `code` is the system's (ECONNREFUSED, EHOSTUNREACH...), or with the signal's reason where that fires before.
   */
  connect(
    address: { readonly host: string; readonly port: number },
    open: (connection: Connection) => ConnectionEvents,
    signal: AbortSignal,
  ): Promise<void>;
}
