import { ErrorCode } from '@ks/protocol';
import { KafkaError } from '../kafka-error.ts';

/** Undefined where the broker does not speak this API. */
export async function unlessUnsupported<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof KafkaError && error.code === ErrorCode.UNSUPPORTED_VERSION) return undefined;
    throw error;
  }
}
