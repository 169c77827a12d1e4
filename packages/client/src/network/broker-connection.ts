import type { Api } from '@ks/protocol';
import type { Random } from '../ports/random.ts';
import type { Authenticator } from '../security/authenticator.ts';
import { SessionKeeper } from '../security/session-keeper.ts';
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

export interface BrokerConnectionOptions extends ConnectionOptions {
  readonly random: Random;
  /** How the client says who it is; undefined: not at all. */
  readonly authenticator?: Authenticator | undefined;
}

/** A connection and what its broker speaks. */
export class BrokerConnection {
  readonly connection: Connection;
  readonly versions: BrokerVersions;

  private constructor(connection: Connection, versions: BrokerVersions) {
    this.connection = connection;
    this.versions = versions;
  }

  /**
   * Connects, asks for versions and authenticates. Rejects with NETWORK_EXCEPTION, TLS_FAILED, UNSUPPORTED_SASL_MECHANISM,
   * ILLEGAL_SASL_STATE, SASL_AUTHENTICATION_FAILED.
   */
  static async open(options: BrokerConnectionOptions): Promise<BrokerConnection> {
    const { authenticator, connectTimeoutMs: timeoutMs } = options;
    // What takes long, and what may fail without the broker, comes first: brokers do not wait long for strangers.
    const conversation = await authenticator?.prepare();
    const connection = await Connection.open(options);
    try {
      const opened = new BrokerConnection(connection, await negotiateVersions(connection, timeoutMs));
      if (authenticator !== undefined && conversation !== undefined) {
        const keeper = new SessionKeeper(authenticator, opened, { ...options, timeoutMs });
        keeper.begun(await authenticator.authenticate(opened, conversation, timeoutMs));
      }
      return opened;
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
