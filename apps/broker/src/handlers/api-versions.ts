// ApiVersions v0-v5. v1: throttleTimeMs. v3: the client's software (KIP-511), features (KIP-584). v4: feature ranges from 0.
// v5: the cluster and node the client means to reach (KIP-1242). The answer to an unknown version is dispatch's (v0, error 35).
import { ApiVersions, ErrorCode } from '@ks/protocol';
import { supportedFeatures } from '../core/metadata/features.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import { handler } from './handler.ts';

/** What a client's software may be called (KIP-511). */
const softwareName = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;

const SOFTWARE_SINCE = 3;
/** Older clients cannot read a feature whose range starts at 0. */
const ZERO_MINIMUM_SINCE = 4;
const TARGET_SINCE = 5;

// metadata.version is not listed: it speaks of KRaft's records.
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
  return { errorCode: ErrorCode.NONE, apiKeys, ...features(broker.metadata.image(), apiVersion) };
});

/** What this release can do and what the cluster has switched on. A level range that starts at 0 is told from v4 on. */
function features({ features: finalized, revision }: ClusterImage, apiVersion: number) {
  return {
    supportedFeatures: supportedFeatures
      .filter(({ minVersion }) => minVersion > 0 || apiVersion >= ZERO_MINIMUM_SINCE)
      .map(({ name, minVersion, maxVersion }) => ({ name, minVersion, maxVersion })),
    finalizedFeaturesEpoch: revision,
    finalizedFeatures: [...finalized]
      .filter(([, level]) => level > 0)
      .map(([name, level]) => ({ name, maxVersionLevel: level, minVersionLevel: level })),
  };
}

/** Whether the client reached the broker it meant: null and -1 say that any will do. */
function isThisBroker(
  broker: { readonly clusterId: string; readonly nodeId: number },
  clusterId: string | null,
  nodeId: number,
): boolean {
  return (clusterId === null || clusterId === broker.clusterId) && (nodeId === -1 || nodeId === broker.nodeId);
}
