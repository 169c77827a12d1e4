import type { AnyTopic, Client, ConnectOptions, NewTopic } from '@ks/client';

/** How a test's broker is set up. */
export interface TestBrokerOptions {
  /**
   * Where records lie: in memory (the default), or on disk in a directory of the broker's own below the system's temporary
   * one, removed when the broker stops. Not with `directory`.
   */
  readonly storage?: 'memory' | 'disk' | undefined;
  /** A directory to keep the data in: it outlives the broker, and another one may be started on it. */
  readonly directory?: string | undefined;
  /** Topics that exist when the promise settles: names, typed topics, or with partitions and configs. */
  readonly topics?: readonly (string | AnyTopic | NewTopic)[] | undefined;
  /** Kafka's broker keys, as in a server.properties: `{ 'num.partitions': '3' }`. */
  readonly config?: Readonly<Record<string, string>> | undefined;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
}

/** A running broker. Stop it, or hold it with `await using`. */
export interface TestBroker extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `host:port`, as every Kafka client takes it. */
  readonly bootstrap: string;
  /** Where the data lies; undefined: in memory. */
  readonly directory: string | undefined;
  /** A client that is connected; it is closed with the broker at the latest. Rejects as `connect` does. */
  connect(options?: Omit<ConnectOptions, 'brokers'>): Promise<Client>;
  /** Closes the clients that `connect` gave, stops the broker and removes what was temporary. Further calls wait for the first. */
  stop(): Promise<void>;
}
