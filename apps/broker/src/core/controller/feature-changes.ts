import { ErrorCode } from '@ks/protocol';
import { firstReleaseRanges, knowsLevel, type SupportedFeature } from '../metadata/features.ts';
import type { BrokerImage } from '../metadata/image.ts';
import { type Refusal, refuse } from './new-partitions.ts';

/** A feature's level as a client wants it (KIP-584). */
export interface FeatureUpdate {
  readonly feature: string;
  readonly level: number;
  readonly mayDowngrade: boolean;
}

/** Why a feature must not get this level, or undefined where it may (it may have it already). */
export function featureFault(
  { feature, level, mayDowngrade }: FeatureUpdate,
  finalized: ReadonlyMap<string, number>,
  supported: readonly SupportedFeature[],
  brokers: Iterable<Pick<BrokerImage, 'brokerId' | 'features'>>,
): Refusal | undefined {
  const refused = (message: string): Refusal => refuse(ErrorCode.INVALID_UPDATE_VERSION, `${feature}: ${message}`);
  const known = supported.find(({ name }) => name === feature);
  if (known === undefined) return refused('this release has no such feature');
  if (level < known.minVersion || level > known.maxVersion) {
    return refused(`level ${level} is not supported; allowed: ${known.minVersion} to ${known.maxVersion}`);
  }
  // Those that are away count, too: they could not come back.
  for (const { brokerId, features = firstReleaseRanges } of brokers) {
    if (!knowsLevel(features, feature, level)) return refused(`broker ${brokerId} does not know level ${level}`);
  }
  const current = finalized.get(feature) ?? 0;
  if (level < current && !mayDowngrade) {
    return refused(`level ${level} is below ${current}, and the request does not allow a downgrade`);
  }
  return level > current && mayDowngrade
    ? refused(`level ${level} is above ${current}: that is no downgrade`)
    : undefined;
}

/** The finalized levels after the updates. */
export function updatedFeatures(
  finalized: ReadonlyMap<string, number>,
  updates: readonly FeatureUpdate[],
): ReadonlyMap<string, number> {
  return new Map([...finalized, ...updates.map(({ feature, level }) => [feature, level] as const)]);
}
