// UpdateFeatures v0-v2 (KIP-584). v1: upgradeType, validateOnly (KIP-778). v2: no results of single features.
// As in Kafka one refused update refuses the request in every version, and v0 lowers nothing whatever it allows.
import { ErrorCode, type RequestOf, UpdateFeatures } from '@ks/protocol';
import { handler } from './handler.ts';
import { CLUSTER_NAME } from './shared/authorized-operations.ts';
import { namedTwice } from './shared/named-twice.ts';

type Update = RequestOf<typeof UpdateFeatures>['featureUpdates'][number];

const UPGRADE_TYPE_SINCE = 1;
/** Upgrade, safe downgrade, unsafe downgrade. */
const UPGRADE = 1;
const UPGRADE_TYPES: readonly number[] = [UPGRADE, 2, 3];

export const updateFeatures = handler(UpdateFeatures, { byController: true }, async (broker, request, context) => {
  const { featureUpdates, timeoutMs, validateOnly } = request;
  const whole = (errorCode: number, errorMessage: string | null) => ({
    ...{ throttleTimeMs: 0, errorCode, errorMessage },
    results: [],
  });
  if (!context.authorize('ALTER', 'CLUSTER', CLUSTER_NAME)) {
    return whole(ErrorCode.CLUSTER_AUTHORIZATION_FAILED, 'not allowed to change features');
  }
  if (namedTwice(featureUpdates.map(({ feature }) => feature)).size > 0) {
    return whole(ErrorCode.INVALID_REQUEST, 'each feature must be named once');
  }
  const downgrades = featureUpdates.map((update) => mayDowngrade(update, context.apiVersion));
  if (downgrades.includes(undefined)) return whole(ErrorCode.INVALID_UPDATE_VERSION, 'an upgrade type is not known');
  const updates = featureUpdates.map(({ feature, maxVersionLevel }, index) => ({
    ...{ feature, level: maxVersionLevel, mayDowngrade: downgrades[index] === true },
  }));
  const results = await broker.cluster.updateFeatures(updates, { timeoutMs, validateOnly });
  const fault = results.find(({ errorCode }) => errorCode !== ErrorCode.NONE);
  if (fault !== undefined) return whole(fault.errorCode, fault.errorMessage);
  return {
    ...{ throttleTimeMs: 0, errorCode: ErrorCode.NONE, errorMessage: null },
    results: updates.map(({ feature }) => ({ feature, errorCode: ErrorCode.NONE, errorMessage: null })),
  };
});

/** Undefined for an upgrade type that Kafka does not know. */
function mayDowngrade({ upgradeType }: Update, apiVersion: number): boolean | undefined {
  if (apiVersion < UPGRADE_TYPE_SINCE) return false;
  return UPGRADE_TYPES.includes(upgradeType) ? upgradeType !== UPGRADE : undefined;
}
