import type { Admin } from '@ks/client';
import { CliError } from './cli-error.ts';
import { ExitCode } from './exit-codes.ts';
import { suggestion } from './suggestion.ts';

/** The error for a topic that is not there, with the name that was probably meant. `place` names the cluster. */
export function unknownTopic(topic: string, known: readonly string[], place: string): CliError {
  const meant = suggestion(topic, known);
  return new CliError(`topic ${JSON.stringify(topic)} not found on ${place}`, {
    exitCode: ExitCode.NOT_FOUND,
    code: 'UNKNOWN_TOPIC_OR_PARTITION',
    hint: `ks topics list${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`}`,
  });
}

/** Runs what names topics: where one of them is not there, the error says which, and what was probably meant. */
export async function namingTopics<T>(
  admin: Admin,
  topics: readonly string[],
  place: string,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (!(error instanceof Error && error.name === 'UNKNOWN_TOPIC_OR_PARTITION')) throw error;
    const known = (await admin.listTopics({ includeInternal: true })).map(({ name }) => name);
    throw unknownTopic(topics.find((name) => !known.includes(name)) ?? topics.join(', '), known, place);
  }
}
