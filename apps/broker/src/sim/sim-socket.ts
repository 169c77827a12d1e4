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

/** A failure of the network, with the code that a system gives. */
export class NetworkError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'NetworkError';
    this.code = code;
  }
}
