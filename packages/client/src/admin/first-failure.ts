import { ErrorCode } from '@ks/protocol';
import { errorFromCode } from '../kafka-error.ts';

/** One thing's outcome in an admin response. */
export interface Outcome {
  readonly errorCode: number;
  readonly errorMessage?: string | null | undefined;
  readonly topic?: string | undefined;
}

/**
 * Throws the error of the first thing that failed. One that may succeed later counts only if no other failed. A topic that is
 * unknown is not waited for: whoever administers topics wants to hear of it.
 */
export function throwFirstFailure(outcomes: readonly Outcome[]): void {
  const errors = outcomes
    .filter((outcome) => outcome.errorCode !== ErrorCode.NONE)
    .map(({ errorCode, errorMessage, topic }) => {
      const isUnknown = errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
      return errorFromCode(errorCode, errorMessage, { topic, retriable: isUnknown ? false : undefined });
    });
  const first = errors.find((error) => !error.retriable) ?? errors[0];
  if (first !== undefined) throw first;
}
