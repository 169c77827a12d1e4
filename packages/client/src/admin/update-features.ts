import { UpdateFeatures } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { ChangeOptions } from './admin-options.ts';
import { outcomeOf, settleEach, throwIfFailed } from './items.ts';

/** Whether a level may be lowered: `safeDowngrade` only without loss, `unsafeDowngrade` in any case. */
export type FeatureUpgradeType = 'upgrade' | 'safeDowngrade' | 'unsafeDowngrade';

const upgradeTypes: Readonly<Record<FeatureUpgradeType, number>> = {
  upgrade: 1,
  safeDowngrade: 2,
  unsafeDowngrade: 3,
};

export interface FeatureUpdate {
  readonly name: string;
  /** The level that the cluster shall agree on; 0 ends it. */
  readonly level: number;
  /** Default `upgrade`. */
  readonly type?: FeatureUpgradeType | undefined;
}

/** Kinds of upgrades and `validateOnly` came with this version; before, a downgrade is allowed or not. */
const TYPES_SINCE = 1;
/** From here on one error stands for all. */
const ONE_RESULT_SINCE = 2;

/** Changes levels of features (KIP-584, KIP-778). Rejects with FEATURE_UPDATE_FAILED, INVALID_UPDATE_VERSION. */
export async function updateFeatures(
  cluster: Cluster,
  updates: readonly FeatureUpdate[],
  { signal, validateOnly = false }: ChangeOptions,
): Promise<void> {
  let askedWith = TYPES_SINCE;
  const ask = async (some: readonly FeatureUpdate[]) => {
    const answer = await cluster.callController(
      UpdateFeatures,
      (version) => {
        askedWith = version;
        return bodyOf(some, version, validateOnly, cluster.options.requestTimeoutMs);
      },
      { signal, atLeast: validateOnly ? TYPES_SINCE : 0 },
    );
    throwIfFailed(answer);
    return some.map(({ name }) => {
      const result = answer.results.find(({ feature }) => feature === name);
      return outcomeOf(askedWith >= ONE_RESULT_SINCE ? answer : result, () => undefined);
    });
  };
  await settleEach(cluster, updates, ask, { signal, label: ({ name }) => name });
}

function bodyOf(updates: readonly FeatureUpdate[], version: number, validateOnly: boolean, timeoutMs: number) {
  const hasTypes = version >= TYPES_SINCE;
  return {
    timeoutMs,
    featureUpdates: updates.map(({ name, level, type = 'upgrade' }) => ({
      feature: name,
      maxVersionLevel: level,
      ...(hasTypes ? { upgradeType: upgradeTypes[type] } : { allowDowngrade: type !== 'upgrade' }),
    })),
    ...(hasTypes ? { validateOnly } : {}),
  };
}
