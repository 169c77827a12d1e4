import { api } from '../schema/api.ts';
import { int16, int32, int64 } from '../schema/field.ts';

/** Gives a broker a block of producer ids (broker to controller). */
export const AllocateProducerIds = api({
  name: 'AllocateProducerIds',
  key: 67,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['controller'],
  request: { brokerId: int32, brokerEpoch: int64.default(-1) },
  response: { throttleTimeMs: int32, errorCode: int16, producerIdStart: int64, producerIdLen: int32 },
});
