import { KafkaError } from '../../src/kafka-error.ts';

/** The `KafkaError` that a promise must reject with. */
export async function errorOf(promise: Promise<unknown>): Promise<KafkaError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof KafkaError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
