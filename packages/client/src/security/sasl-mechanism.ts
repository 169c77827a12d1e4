import { ErrorCode } from '@ks/protocol';
import { asKafkaError, KafkaError } from '../kafka-error.ts';
import type { Secret } from './sasl-options.ts';

/** Sends bytes of a mechanism to the broker and gives its answer. */
export type Exchange = (bytes: Uint8Array) => Promise<Uint8Array>;

/** A SASL mechanism as the client's side of it. */
export interface SaslMechanism {
  readonly name: string;
  /** Gets what is needed, which may take long; the conversation that it gives is for one authentication. */
  prepare(): Promise<Conversation>;
}

/** Talks to the broker until both are content. Rejects with SASL_AUTHENTICATION_FAILED. */
export type Conversation = (exchange: Exchange) => Promise<void>;

/** The error of a client that is not believed, or does not believe the broker. Never holds a secret. */
export function authenticationFailed(message: string, retriable = false): KafkaError {
  return new KafkaError(ErrorCode.SASL_AUTHENTICATION_FAILED, message, { retriable });
}

/** The secret as it is now. What its owner throws may be over later. */
export async function secretOf(secret: Secret, what: string): Promise<string> {
  if (typeof secret === 'string') return secret;
  return given(secret, what);
}

/** What a function of the user's gives. Its error's message stays its own: it is in `cause` alone. */
export async function given<T>(provider: () => T | Promise<T>, what: string): Promise<T> {
  try {
    return await provider();
  } catch (error) {
    const message = `sasl: the function for the ${what} failed; its error is the cause of this one`;
    throw new KafkaError(ErrorCode.SASL_AUTHENTICATION_FAILED, message, {
      retriable: true,
      cause: asKafkaError(error),
    });
  }
}
