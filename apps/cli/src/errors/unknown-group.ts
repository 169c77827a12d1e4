import type { Admin } from '@ks/client';
import { CliError } from './cli-error.ts';
import { ExitCode } from './exit-codes.ts';
import { suggestion } from './suggestion.ts';

/** Throws NOT_FOUND for the first of `groups` that the cluster does not have, with the name that was probably meant. */
export async function requireGroups(admin: Admin, groups: readonly string[], place: string): Promise<void> {
  const known = (await admin.listGroups()).map(({ groupId }) => groupId);
  const missing = groups.find((group) => !known.includes(group));
  if (missing === undefined) return;
  const meant = suggestion(missing, known);
  throw new CliError(`group ${JSON.stringify(missing)} not found on ${place}`, {
    exitCode: ExitCode.NOT_FOUND,
    code: 'GROUP_ID_NOT_FOUND',
    hint: `ks groups list${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`}`,
  });
}
