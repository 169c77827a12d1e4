// UnregisterBroker v0 (KIP-500).
import { ErrorCode, UnregisterBroker } from '@ks/protocol';
import { handler } from './handler.ts';
import { CLUSTER_NAME } from './shared/authorized-operations.ts';

/** Longest wait for the change to be in force; the request names none. */
const TIMEOUT_MS = 30_000;

export const unregisterBroker = handler(
  UnregisterBroker,
  { byController: true },
  async (broker, { brokerId }, context) => {
    if (!context.authorize('ALTER', 'CLUSTER', CLUSTER_NAME)) {
      const errorCode = ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
      return { throttleTimeMs: 0, errorCode, errorMessage: 'not allowed to unregister brokers' };
    }
    const { errorCode, errorMessage } = await broker.cluster.unregister(brokerId, { timeoutMs: TIMEOUT_MS });
    return { throttleTimeMs: 0, errorCode, errorMessage };
  },
);
