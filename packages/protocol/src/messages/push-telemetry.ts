import { api } from '../schema/api.ts';
import { bool, bytes, int16, int32, int8, uuid } from '../schema/field.ts';

/** Delivers client metrics (KIP-714). */
export const PushTelemetry = api({
  name: 'PushTelemetry',
  key: 72,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: { clientInstanceId: uuid, subscriptionId: int32, terminating: bool, compressionType: int8, metrics: bytes },
  response: { throttleTimeMs: int32, errorCode: int16 },
});
