import { ErrorCode } from '@ks/protocol';
import { KafkaError } from '../kafka-error.ts';

/** The error of a connection that could not be made, or broke: `what` happened to the broker, for the reason in `cause`. */
export function networkError(broker: string, cause: unknown, what: string): KafkaError {
  if (cause instanceof KafkaError) {
    return new KafkaError(cause.code, `${broker}: ${cause.message}`, { ...cause, broker, cause });
  }
  const reason = cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : '';
  return new KafkaError(ErrorCode.NETWORK_EXCEPTION, `${broker} ${what}${reason}`, { broker, retriable: true, cause });
}
