// ApiVersions v0-v5. v1: throttleTimeMs. v3: the client's software (KIP-511), features (KIP-584). v4: feature ranges from 0.
// v5: the cluster and node the client means to reach (KIP-1242). The answer to an unknown version is dispatch's (v0, error 35).
import { ApiVersions, ErrorCode } from '@ks/protocol';
import { handler } from './handler.ts';

/** What a client's software may be called (KIP-511). */
const softwareName = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

const SOFTWARE_SINCE = 3;
const TARGET_SINCE = 5;

// No feature is listed: transaction.version 2 would have clients leave AddPartitionsToTxn out, group.version 1 would invite
// KIP-848 groups, metadata.version speaks of KRaft's records. Each comes with what it promises.
export const apiVersions = handler(ApiVersions, { versions: [0, 5] }, (broker, request, context) => {
  const { apiVersion } = context;
  const { clientSoftwareName, clientSoftwareVersion, clusterId, nodeId } = request;
  if (
    apiVersion >= SOFTWARE_SINCE &&
    !(softwareName.test(clientSoftwareName) && softwareName.test(clientSoftwareVersion))
  ) {
    return { errorCode: ErrorCode.INVALID_REQUEST, apiKeys: [] };
  }
  if (apiVersion >= TARGET_SINCE && !isThisBroker(broker, clusterId, nodeId)) {
    return { errorCode: ErrorCode.REBOOTSTRAP_REQUIRED, apiKeys: [] };
  }
  const apiKeys = broker.apis.map(({ apiKey, advertised }) => ({
    apiKey,
    minVersion: advertised.min,
    maxVersion: advertised.max,
  }));
  return { errorCode: ErrorCode.NONE, apiKeys };
});

/** Whether the client reached the broker it meant: null and -1 say that any will do. */
function isThisBroker(
  broker: { readonly clusterId: string; readonly nodeId: number },
  clusterId: string | null,
  nodeId: number,
): boolean {
  return (clusterId === null || clusterId === broker.clusterId) && (nodeId === -1 || nodeId === broker.nodeId);
}
