import { ErrorCode, FindCoordinator } from '@ks/protocol';
import type { FoundCoordinator } from '../runtime/group-coordinator.ts';
import type { BrokerServices } from './broker-services.ts';
import { handler, type RequestContext } from './handler.ts';

const KEY_TYPE_GROUP = 0;
const KEY_TYPE_TRANSACTION = 1;

// FindCoordinator v0-v6. v1: key types. v4: several keys at once (KIP-699). v5: TRANSACTION_ABORTABLE. v6: share groups.
export const findCoordinator = handler(FindCoordinator, {}, async (broker, request, context) => {
  if (context.apiVersion < 4) return await find(broker, request.key, request.keyType, context);
  const keys = request.coordinatorKeys;
  const found = await Promise.all(keys.map((key) => find(broker, key, request.keyType, context)));
  return { coordinators: found.map((coordinator, index) => ({ key: keys[index] ?? '', ...coordinator })) };
});

async function find(
  broker: BrokerServices,
  key: string,
  keyType: number,
  context: RequestContext,
): Promise<FoundCoordinator> {
  if (keyType === KEY_TYPE_GROUP) {
    if (!context.authorize('DESCRIBE', 'GROUP', key)) return refused(ErrorCode.GROUP_AUTHORIZATION_FAILED, null);
    return await broker.groups.findCoordinator(key, context.listenerName);
  }
  if (keyType === KEY_TYPE_TRANSACTION) {
    if (!context.authorize('DESCRIBE', 'TRANSACTIONAL_ID', key)) {
      return refused(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, null);
    }
    return await broker.transactions.findCoordinator(key, context.listenerName);
  }
  // As Kafka answers for share groups where they are switched off.
  return refused(ErrorCode.INVALID_REQUEST, `This broker has no coordinator of type ${keyType}`);
}

function refused(errorCode: number, errorMessage: string | null): FoundCoordinator {
  return { errorCode, errorMessage, nodeId: -1, host: '', port: -1 };
}
