import type { Etcd3, IOptions } from 'etcd3';
import type { EtcdMetadataStoreOptions } from './etcd-metadata-store.ts';

/** The library itself. Loaded when a store in etcd is opened: a broker without one does not pay for it. */
export type EtcdLibrary = typeof import('etcd3');

/** How long one call may take before another member is asked. */
const CALL_MS_MAX = 5000;

/**
 * Without the library's own retries: which member to ask next, and what a lost answer means, is decided here. Asynchronous, as the
 * library counts a stream's failure by throwing within it: thrown at once, that would end the process.
 */
const callThrough = { execute: async <T>(call: (context: object) => T | Promise<T>): Promise<T> => call({}) };

/** Options of the gRPC channel. */
const channelOptions = {
  // Catching up with a watch can take more than 4 MB, and would end in RESOURCE_EXHAUSTED again and again.
  'grpc.max_receive_message_length': -1,
  // One connection for each purpose: a long answer to a watch must not hold up a keep-alive.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  // Finds out that a member is gone without a word. etcd refuses pings that are less than 5 s apart.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5000,
};

/** Clients of one purpose, one for each member of the etcd cluster. The member that answered last is asked first. */
export class EtcdMembers {
  readonly #clients: readonly Etcd3[];
  readonly #isRecoverable: (error: Error) => boolean;
  #first = 0;

  constructor(library: EtcdLibrary, options: EtcdMetadataStoreOptions) {
    this.#clients = options.hosts.map((host) => new library.Etcd3(clientOptions(host, options)));
    this.#isRecoverable = library.isRecoverableError;
  }

  /** The member that is asked now. */
  get current(): Etcd3 {
    const client = this.#clients[this.#first];
    if (client === undefined) throw new RangeError('an etcd cluster has at least one member');
    return client;
  }

  /** Asks another member from now on, unless that has happened already. */
  leave(client: Etcd3): void {
    if (client === this.#clients[this.#first]) this.#first = (this.#first + 1) % this.#clients.length;
  }

  /** A call that may be repeated: asked of each member once, until one answers. */
  async ask<T>(call: (client: Etcd3) => Promise<T>): Promise<T> {
    for (let asked = 1; ; asked++) {
      const client = this.current;
      try {
        return await call(client);
      } catch (error) {
        if (!(error instanceof Error) || !this.#isRecoverable(error)) throw error;
        this.leave(client);
        if (asked >= this.#clients.length) throw error;
      }
    }
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }
}

function clientOptions(host: string, { tls, user }: EtcdMetadataStoreOptions): IOptions {
  return {
    hosts: `${tls === undefined ? 'http' : 'https'}://${host}`,
    ...(tls?.rootCertificate === undefined ? {} : { credentials: { ...tls, rootCertificate: tls.rootCertificate } }),
    ...(user === undefined ? {} : { auth: { username: user.name, password: user.password } }),
    grpcOptions: channelOptions,
    // gRPC takes a point of wall time and makes a timer of it at once.
    defaultCallOptions: ({ isStream }) => (isStream ? {} : { deadline: Date.now() + CALL_MS_MAX }),
    faultHandling: { host: () => callThrough as never, global: callThrough as never },
  };
}
