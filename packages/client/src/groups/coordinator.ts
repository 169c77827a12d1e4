import { ErrorCode, FindCoordinator } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { errorFromCode, KafkaError } from '../kafka-error.ts';

/** What a coordinator is for, as FindCoordinator's key types. */
const keyTypes = { group: 0, 'transactional id': 1 } as const;
/** Several keys a request came with this version. */
const KEYS_SINCE = 4;

/**
 * The broker that coordinates a group, or a transactional id, now. Rejects with GROUP_AUTHORIZATION_FAILED,
 * TRANSACTIONAL_ID_AUTHORIZATION_FAILED, or the retriable COORDINATOR_NOT_AVAILABLE.
 */
export async function findCoordinator(
  cluster: Cluster,
  key: string,
  signal?: AbortSignal,
  what: keyof typeof keyTypes = 'group',
): Promise<number> {
  const keyType = keyTypes[what];
  const response = await cluster.callAny(
    FindCoordinator,
    (version) => (version >= KEYS_SINCE ? { coordinatorKeys: [key], keyType } : { key, keyType }),
    { signal, atLeast: keyType },
  );
  const found = response.coordinators.length > 0 ? response.coordinators[0] : response;
  if (found === undefined || found.errorCode !== ErrorCode.NONE) {
    throw errorFromCode(found?.errorCode ?? ErrorCode.COORDINATOR_NOT_AVAILABLE, found?.errorMessage, {});
  }
  if (cluster.view.brokers.has(found.nodeId)) return found.nodeId;
  await cluster.refresh([], signal);
  if (cluster.view.brokers.has(found.nodeId)) return found.nodeId;
  const message = `the coordinator of the ${what} ${key}, broker ${found.nodeId}, is not in the cluster's metadata`;
  throw new KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE, message, { retriable: true });
}

/** Runs `operation` with a group's coordinator, found anew for each attempt, until it succeeds or fails for good. */
export function atCoordinator<T>(
  cluster: Cluster,
  groupId: string,
  operation: (nodeId: number) => Promise<T>,
  options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number | undefined } = {},
): Promise<T> {
  return cluster.retrying(async () => operation(await findCoordinator(cluster, groupId, options.signal)), options);
}
