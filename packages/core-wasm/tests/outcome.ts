import { expect } from 'vitest';
import { CoreError, type CoreErrorCode } from '../src/index.ts';

/** What a call came to: bytes, or the code of the error it threw. Any other error is a failure of the test. */
export type Outcome = { readonly bytes: Uint8Array } | { readonly code: CoreErrorCode };

export function outcomeOf(call: () => Uint8Array): Outcome {
  try {
    return { bytes: call() };
  } catch (error) {
    if (error instanceof CoreError) return { code: error.code };
    throw error;
  }
}

/** Compares without the cost of a deep comparison of long arrays. */
export function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(Buffer.compare(actual, expected) === 0 ? 'same' : describeDifference(actual, expected)).toBe('same');
}

export function expectSameOutcome(actual: Outcome, expected: Outcome): void {
  if ('bytes' in actual && 'bytes' in expected) expectSameBytes(actual.bytes, expected.bytes);
  else expect(actual).toEqual(expected);
}

function describeDifference(actual: Uint8Array, expected: Uint8Array): string {
  const at = expected.findIndex((byte, index) => actual[index] !== byte);
  return `${actual.length} bytes instead of ${expected.length}, the first difference is at ${at}`;
}
