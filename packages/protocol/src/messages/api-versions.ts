import { api } from '../schema/api.ts';
import { array, bool, int16, int32, int64, string } from '../schema/field.ts';

/** Lists which versions of which API a broker serves; the first request of most clients. */
export const ApiVersions = api({
  name: 'ApiVersions',
  key: 18,
  versions: [0, 5],
  flexibleSince: 3,
  listeners: ['broker', 'controller'],
  request: {
    clientSoftwareName: string.since(3).ignorable(),
    clientSoftwareVersion: string.since(3).ignorable(),
    clusterId: string.nullable().since(5).default(null).ignorable(),
    nodeId: int32.since(5).default(-1).ignorable(),
  },
  response: {
    errorCode: int16,
    apiKeys: array({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
    throttleTimeMs: int32.since(1).ignorable(),
    supportedFeatures: array({ name: string, minVersion: int16, maxVersion: int16 }).tag(0, 3).ignorable(),
    finalizedFeaturesEpoch: int64.tag(1, 3).default(-1).ignorable(),
    finalizedFeatures: array({ name: string, maxVersionLevel: int16, minVersionLevel: int16 }).tag(2, 3).ignorable(),
    zkMigrationReady: bool.tag(3, 3).default(false).ignorable(),
  },
});
