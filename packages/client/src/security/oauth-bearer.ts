import { isRefusal } from '../kafka-error.ts';
import type { Clock } from '../ports/clock.ts';
import { authenticationFailed, given, type SaslMechanism } from './sasl-mechanism.ts';
import type { OauthBearerOptions, OauthToken } from './sasl-options.ts';

/** How much of a token's life may be over when it is used once more. */
const USED_UP = 0.8;

/** RFC 7628: a bearer token in the first message. */
export function oauthBearer(options: OauthBearerOptions, clock: Clock): SaslMechanism {
  const tokens = new TokenCache(options, clock);
  return {
    name: 'OAUTHBEARER',
    prepare: async () => {
      const isKnown = tokens.isFilled;
      const token = await tokens.get();
      const first = firstMessage(token);
      return async (exchange) => {
        try {
          const refusal = await exchange(first);
          if (refusal.length === 0) return;
          // The broker gives its reason here, and refuses once it is acknowledged.
          await exchange(Buffer.of(1));
          throw authenticationFailed(`the broker refuses the token: ${reasonOf(refusal)}`);
        } catch (error) {
          tokens.forget(token);
          // One that was good until now may have been revoked: the next attempt comes with another.
          throw isKnown && isRefusal(error) ? authenticationFailed(error.message, true) : error;
        }
      };
    },
  };
}

function firstMessage({ value, extensions = {} }: OauthToken): Uint8Array {
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(value))
    throw authenticationFailed('sasl: what the token function gave is no bearer token (RFC 6750)');
  const pairs = Object.entries(extensions).map(([name, text]) => {
    if (!/^[A-Za-z]+$/.test(name) || name === 'auth' || !/^[\t\n\r\x20-\x7e]*$/.test(text))
      throw authenticationFailed(`sasl: ${JSON.stringify(name)} is no extension that OAUTHBEARER can carry (KIP-342)`);
    return `${name}=${text}\x01`;
  });
  return Buffer.from(`n,,\x01auth=Bearer ${value}\x01${pairs.join('')}\x01`);
}

/** The status in the broker's JSON; nothing else of it, since it may repeat what it was sent. */
function reasonOf(refusal: Uint8Array): string {
  try {
    const { status } = JSON.parse(Buffer.from(refusal).toString()) as { readonly status?: unknown };
    return typeof status === 'string' && /^[\w ]{1,80}$/.test(status) ? status : 'no status';
  } catch {
    return 'no status';
  }
}

/** The token of all connections of a client, until it is used up. Those that ask at once share one call. */
class TokenCache {
  readonly #options: OauthBearerOptions;
  readonly #clock: Clock;
  #token: OauthToken | undefined;
  #usedUpAtMs = 0;
  #asking: Promise<OauthToken> | undefined;

  constructor(options: OauthBearerOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  get isFilled(): boolean {
    return this.#token !== undefined && this.#clock.wallMs() < this.#usedUpAtMs;
  }

  get(): Promise<OauthToken> {
    const token = this.#token;
    if (token !== undefined && this.isFilled) return Promise.resolve(token);
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** A broker did not take it. */
  forget(token: OauthToken): void {
    if (this.#token === token) this.#token = undefined;
  }

  async #ask(): Promise<OauthToken> {
    const answer = await given(this.#options.token, 'token');
    const token = typeof answer === 'string' ? { value: answer } : answer;
    const nowMs = this.#clock.wallMs();
    const expiresAtMs = token.expiresAtMs ?? expiryOf(token.value);
    this.#token = token;
    this.#usedUpAtMs = expiresAtMs === undefined ? 0 : nowMs + (expiresAtMs - nowMs) * USED_UP;
    return token;
  }
}

/** When a JWT says that it ends, in milliseconds since the epoch; undefined for a token that is none. */
function expiryOf(token: string): number | undefined {
  try {
    const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    const { exp } = JSON.parse(claims) as { readonly exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
