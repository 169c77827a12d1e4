import { ErrorCode, FindCoordinator } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { errorFromCode, KafkaError } from '../kafka-error.ts';

/** FindCoordinator's key types. */
const GROUP = 0;
/** Several keys a request came with this version. */
const KEYS_SINCE = 4;

/** The broker that coordinates a group now. Rejects with GROUP_AUTHORIZATION_FAILED, or the retriable COORDINATOR_NOT_AVAILABLE. */
export async function findCoordinator(cluster: Cluster, groupId: string, signal?: AbortSignal): Promise<number> {
  const response = await cluster.callAny(
    FindCoordinator,
    (version) =>
      version >= KEYS_SINCE ? { coordinatorKeys: [groupId], keyType: GROUP } : { key: groupId, keyType: GROUP },
    { signal },
  );
  const found = response.coordinators.length > 0 ? response.coordinators[0] : response;
  if (found === undefined || found.errorCode !== ErrorCode.NONE) {
    throw errorFromCode(found?.errorCode ?? ErrorCode.COORDINATOR_NOT_AVAILABLE, found?.errorMessage, {});
  }
  if (cluster.view.brokers.has(found.nodeId)) return found.nodeId;
  await cluster.refresh([], signal);
  if (cluster.view.brokers.has(found.nodeId)) return found.nodeId;
  const message = `the coordinator of group ${groupId}, broker ${found.nodeId}, is not in the cluster's metadata`;
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
