import type { Api } from '@ks/protocol';
import { Connection, type ConnectionOptions } from './connection.ts';
import { type BrokerVersions, negotiateVersions } from './negotiate-versions.ts';

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Versions below are of no use to the caller, versions above it cannot fill. */
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
}

/** A request, or how it is made for the version that was picked. */
export type BodyOf<ReqIn> = ReqIn | ((version: number) => ReqIn);

/** A connection and what its broker speaks. */
export class BrokerConnection {
  readonly connection: Connection;
  readonly versions: BrokerVersions;

  private constructor(connection: Connection, versions: BrokerVersions) {
    this.connection = connection;
    this.versions = versions;
  }

  static async open(options: ConnectionOptions): Promise<BrokerConnection> {
    const connection = await Connection.open(options);
    try {
      return new BrokerConnection(connection, await negotiateVersions(connection, options.connectTimeoutMs));
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get label(): string {
    return this.connection.label;
  }

  /** Sends a request in the highest version that both sides and the caller can use. */
  call<ReqIn, ReqOut, ResIn, ResOut>(
    api: Api<ReqIn, ReqOut, ResIn, ResOut>,
    body: BodyOf<ReqIn>,
    options: CallOptions,
  ): Promise<ResOut> {
    const version = this.versions.pick(api, options.atLeast, options.atMost);
    return this.connection.request(api, version, body instanceof Function ? body(version) : body, options);
  }
}
