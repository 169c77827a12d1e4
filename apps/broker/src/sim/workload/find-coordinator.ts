import { FindCoordinator } from '@ks/protocol';
import type { Stage } from './actor.ts';
import type { ProgramClient } from './program-client.ts';

/** Whether the broker coordinates the group, or the transactional id, now. Asking makes the coordinators' topic where it is missing. */
export async function findCoordinator(
  stage: Stage,
  client: ProgramClient,
  kind: 'group' | 'transaction',
  key: string,
): Promise<boolean> {
  const version = client.version(FindCoordinator, 1);
  if (version === undefined) return false;
  const keyType = kind === 'group' ? 0 : 1;
  const body = version >= 4 ? { keyType, coordinatorKeys: [key] } : { keyType, key };
  const answer = await client.request(FindCoordinator, version, body);
  const errorCode = version >= 4 ? answer?.coordinators[0]?.errorCode : answer?.errorCode;
  if (errorCode === 0) return true;
  stage.history.count(`coordinator error ${errorCode}`);
  await stage.sleep(50);
  return false;
}
