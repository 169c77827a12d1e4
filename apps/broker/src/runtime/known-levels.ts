import { type FeatureRanges, supportedRanges, unknownLevel } from '../core/metadata/features.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import { RegistrationError } from './cluster-identity.ts';

/**
 * Ends a broker whose release does not know the level that a feature has now: it registered at the very moment in which the feature
 * was raised. @throws RegistrationError
 */
export function requireKnownLevels({ features }: ClusterImage, ranges: FeatureRanges = supportedRanges): void {
  const unknown = unknownLevel(features, ranges);
  if (unknown !== undefined) throw new RegistrationError(`this broker cannot go on: ${unknown}`);
}
