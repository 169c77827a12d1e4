import type { GroupCoordinator } from '../../runtime/group-coordinator.ts';
import type { MetadataView } from '../../runtime/metadata-loader.ts';
import { ordersImage } from './replicas.test-support.ts';

/** A group coordinator of which a test scripts what it needs; the rest throws. */
export function scriptedGroups(script: Partial<GroupCoordinator>): GroupCoordinator {
  const unscripted = (): never => {
    throw new Error('the test does not expect this call');
  };
  return {
    findCoordinator: unscripted,
    joinGroup: unscripted,
    syncGroup: unscripted,
    heartbeat: unscripted,
    leaveGroup: unscripted,
    consumerHeartbeat: unscripted,
    describeConsumerGroup: unscripted,
    commitOffsets: unscripted,
    fetchOffsets: unscripted,
    deleteOffsets: unscripted,
    describeGroup: unscripted,
    listGroups: unscripted,
    deleteGroup: unscripted,
    ...script,
  };
}

/** The image with the one topic `orders`. */
export function ordersMetadata(): MetadataView {
  return { image: ordersImage, whenApplied: () => Promise.resolve() };
}
