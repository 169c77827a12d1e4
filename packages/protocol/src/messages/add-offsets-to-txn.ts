import { api } from '../schema/api.ts';
import { int16, int32, int64, string } from '../schema/field.ts';

/** Adds a group's offsets to a transaction. */
export const AddOffsetsToTxn = api({
  name: 'AddOffsetsToTxn',
  key: 25,
  versions: [0, 4],
  flexibleSince: 3,
  listeners: ['broker'],
  request: { transactionalId: string, producerId: int64, producerEpoch: int16, groupId: string },
  response: { throttleTimeMs: int32, errorCode: int16 },
});
