import { ErrorCode } from '@ks/protocol';
import type { StoreTransaction } from '../../ports/metadata-store.ts';
import type { ClusterImage } from '../metadata/image.ts';
import { liveKey, registrationKey } from '../metadata/keys.ts';
import { type Planned, refuse } from './new-partitions.ts';
import { controllerCondition } from './transactions.ts';

/**
 * Plans that a broker is forgotten which is gone for good: it has stopped, and no partition counts on it any more. Its id may be
 * used again.
 */
export function planUnregistration(brokerId: number, image: ClusterImage): Planned<StoreTransaction> {
  const broker = image.brokers.get(brokerId);
  if (broker === undefined) return refuse(ErrorCode.BROKER_ID_NOT_REGISTERED, `there is no broker ${brokerId}`);
  if (!broker.fenced) return refuse(ErrorCode.INVALID_REQUEST, `broker ${brokerId} is alive: stop it first`);
  let replicas = 0;
  for (const { partitions } of image.topicsByName.values()) {
    for (const partition of partitions) if (partition.replicas.includes(brokerId)) replicas += 1;
  }
  if (replicas > 0) {
    const message = `broker ${brokerId} has replicas of ${replicas} partitions: move them to other brokers first`;
    return refuse(ErrorCode.INVALID_REQUEST, message);
  }
  const conditions = [controllerCondition(image), { key: liveKey(brokerId), createRevision: 0 }];
  return { type: 'planned', plan: { conditions, operations: [{ type: 'delete', key: registrationKey(brokerId) }] } };
}
