import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int64, uuid } from '../schema/field.ts';

/** Keeps a broker's registration alive (broker to controller). */
export const BrokerHeartbeat = api({
  name: 'BrokerHeartbeat',
  key: 63,
  versions: [0, 2],
  flexibleSince: 0,
  listeners: ['controller'],
  request: {
    brokerId: int32,
    brokerEpoch: int64.default(-1),
    currentMetadataOffset: int64,
    wantFence: bool,
    wantShutDown: bool,
    offlineLogDirs: array(uuid).tag(0, 1),
    cordonedLogDirs: array(uuid).nullable().tag(1, 2).default(null),
  },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    isCaughtUp: bool.default(false),
    isFenced: bool.default(true),
    shouldShutDown: bool,
  },
});
