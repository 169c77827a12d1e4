/** A secret, or where it is had anew for each connection, so that it can change while the program runs. */
export type Secret = string | (() => string | Promise<string>);

/** The password goes to the broker as it is: use it over TLS alone. */
export interface PlainOptions {
  readonly mechanism: 'PLAIN';
  readonly username: string;
  readonly password: Secret;
}

/** The password never leaves this process, and the broker has to prove that it knows it too (RFC 5802). */
export interface ScramOptions {
  readonly mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: Secret;
  /** Whether username and password are the id and the HMAC (base64) of a delegation token (KIP-48). Default false. */
  readonly isDelegationToken?: boolean | undefined;
}

/** A bearer token and how long it is good for. */
export interface OauthToken {
  readonly value: string;
  /** When it ends, in milliseconds since the epoch. Default: what the token says itself if it is a JWT; else it is used once. */
  readonly expiresAtMs?: number | undefined;
  /** SASL extensions that some services want (KIP-342), by name. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
}

export interface OauthBearerOptions {
  readonly mechanism: 'OAUTHBEARER';
  /** Gets a token. Called again when four fifths of a token's life are over, and when a broker refuses one. */
  readonly token: () => OauthToken | string | Promise<OauthToken | string>;
}

/** How the client says who it is. */
export type SaslOptions = PlainOptions | ScramOptions | OauthBearerOptions;
