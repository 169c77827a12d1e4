import { ApiVersions } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import type { AdminOptions } from './admin-options.ts';
import { throwIfFailed } from './items.ts';

export interface FeatureRange {
  readonly min: number;
  readonly max: number;
}

/** What the cluster has agreed on, and what the broker that was asked could do (KIP-584). */
export interface FeatureDescription {
  readonly name: string;
  /** Undefined where the cluster has not agreed on a level. */
  readonly finalized: FeatureRange | undefined;
  /** Undefined where the broker does not know the feature. */
  readonly supported: FeatureRange | undefined;
}

export interface DescribedFeatures {
  /** Grows with each change; -1 where the broker does not say. */
  readonly epoch: number;
  readonly features: readonly FeatureDescription[];
}

/** Features came with this version. */
const FEATURES_SINCE = 3;

export function describeFeatures(cluster: Cluster, { signal }: AdminOptions): Promise<DescribedFeatures> {
  const body = { clientSoftwareName: 'ks-client', clientSoftwareVersion: '0.1.0' };
  return cluster.retrying(
    async () => {
      const answer = await cluster.callAny(ApiVersions, body, { signal, atLeast: FEATURES_SINCE, atMost: 4 });
      throwIfFailed(answer);
      const finalized = new Map(
        answer.finalizedFeatures.map(({ name, minVersionLevel: min, maxVersionLevel: max }) => [name, { min, max }]),
      );
      const supported = new Map(
        answer.supportedFeatures.map(({ name, minVersion: min, maxVersion: max }) => [name, { min, max }]),
      );
      const names = [...new Set([...supported.keys(), ...finalized.keys()])].toSorted();
      return {
        epoch: answer.finalizedFeaturesEpoch,
        features: names.map((name) => ({ name, finalized: finalized.get(name), supported: supported.get(name) })),
      };
    },
    { signal },
  );
}
