import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int8, string, uuid } from '../schema/field.ts';

/** Asks which client metrics the broker wants (KIP-714). */
export const GetTelemetrySubscriptions = api({
  name: 'GetTelemetrySubscriptions',
  key: 71,
  versions: [0, 0],
  flexibleSince: 0,
  listeners: ['broker'],
  request: { clientInstanceId: uuid },
  response: {
    throttleTimeMs: int32,
    errorCode: int16,
    clientInstanceId: uuid,
    subscriptionId: int32,
    acceptedCompressionTypes: array(int8),
    pushIntervalMs: int32,
    telemetryMaxBytes: int32,
    deltaTemporality: bool,
    requestedMetrics: array(string),
  },
});
