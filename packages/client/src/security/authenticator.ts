import { ErrorCode, SaslAuthenticate, SaslHandshake } from '@ks/protocol';
import { ClientErrorCode, errorFromCode, KafkaError } from '../kafka-error.ts';
import type { Connection } from '../network/connection.ts';
import type { BrokerVersions } from '../network/negotiate-versions.ts';
import type { Clock } from '../ports/clock.ts';
import type { Crypto } from '../ports/crypto.ts';
import { oauthBearer } from './oauth-bearer.ts';
import { plain } from './plain.ts';
import type { Conversation, SaslMechanism } from './sasl-mechanism.ts';
import type { SaslOptions } from './sasl-options.ts';
import { scram } from './scram.ts';

/** Since this version tokens travel in SaslAuthenticate requests; before, bare (Kafka 1.0). */
const AUTHENTICATE_SINCE = 1;

/** What is authenticated: the connection, and what its broker speaks. */
export interface Unauthenticated {
  readonly connection: Connection;
  readonly versions: BrokerVersions;
}

/** Authenticates a client's connections. One for all of them, so that they share what can be shared. */
export class Authenticator {
  readonly #mechanism: SaslMechanism;

  constructor(options: SaslOptions, crypto: Crypto, clock: Clock) {
    this.#mechanism = mechanismOf(options, crypto, clock);
  }

  /** Gets what the next authentication needs; nothing is sent yet. */
  prepare(): Promise<Conversation> {
    return this.#mechanism.prepare();
  }

  /**
   * Authenticates, and gives how long the broker lets that count, in milliseconds; 0: for ever. Rejects with
   * UNSUPPORTED_SASL_MECHANISM, ILLEGAL_SASL_STATE, SASL_AUTHENTICATION_FAILED.
   */
  async authenticate(
    { connection, versions }: Unauthenticated,
    conversation: Conversation,
    timeoutMs: number,
  ): Promise<number> {
    const options = { timeoutMs, isAuthentication: true };
    const { label: broker } = connection;
    const { name: mechanism } = this.#mechanism;
    const handshakeVersion = versions.pick(SaslHandshake, AUTHENTICATE_SINCE);
    const handshake = await connection.request(SaslHandshake, handshakeVersion, { mechanism }, options);
    if (handshake.errorCode !== ErrorCode.NONE)
      throw handshakeError(handshake.errorCode, mechanism, handshake.mechanisms, broker);
    const version = versions.pick(SaslAuthenticate);
    let sessionLifetimeMs = 0;
    try {
      await conversation(async (authBytes) => {
        const answer = await connection.request(SaslAuthenticate, version, { authBytes }, options);
        if (answer.errorCode !== ErrorCode.NONE) throw errorFromCode(answer.errorCode, answer.errorMessage, { broker });
        sessionLifetimeMs = answer.sessionLifetimeMs;
        return answer.authBytes;
      });
    } catch (error) {
      throw withBroker(error, mechanism, broker);
    }
    return sessionLifetimeMs;
  }
}

function mechanismOf(options: SaslOptions, crypto: Crypto, clock: Clock): SaslMechanism {
  switch (options.mechanism) {
    case 'PLAIN':
      return plain(options);
    case 'SCRAM-SHA-256':
    case 'SCRAM-SHA-512':
      return scram(options, crypto);
    case 'OAUTHBEARER':
      return oauthBearer(options, clock);
    default: {
      const { mechanism } = options satisfies never as { readonly mechanism: string };
      throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, `sasl.mechanism ${mechanism} is not known`);
    }
  }
}

function handshakeError(code: number, mechanism: string, offered: readonly string[], broker: string): KafkaError {
  const details = { broker, retriable: false };
  if (code === ErrorCode.UNSUPPORTED_SASL_MECHANISM) {
    const message = `${broker} does not offer the SASL mechanism ${mechanism}; it offers ${offered.join(', ') || 'none'}: set sasl.mechanism to one of them`;
    return new KafkaError(code, message, details);
  }
  if (code === ErrorCode.ILLEGAL_SASL_STATE) {
    const message = `${broker} takes no SASL on this listener: leave sasl out, or use the port of a listener with SASL`;
    return new KafkaError(code, message, details);
  }
  return errorFromCode(code, undefined, { broker });
}

function withBroker(error: unknown, mechanism: string, broker: string): unknown {
  if (!(error instanceof KafkaError) || error.code !== ErrorCode.SASL_AUTHENTICATION_FAILED) return error;
  const message = `${broker} and this client could not authenticate with ${mechanism}: ${error.message}`;
  return new KafkaError(error.code, message, { broker, retriable: error.retriable, cause: error.cause });
}
