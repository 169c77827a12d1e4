/** The levels of a feature that a broker knows. */
export interface FeatureRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

/** By name; a feature that is not there has level 0 only. */
export type FeatureRanges = ReadonlyMap<string, FeatureRange>;

/** A feature that clients and brokers switch by a cluster-wide level (KIP-584). */
export interface SupportedFeature extends FeatureRange {
  readonly name: string;
  /** The level that a cluster gets when it first meets the feature: a new one at its birth, an older one at an upgrade. */
  readonly initialLevel: number;
}

/** Every feature of this release, by Kafka's names. Level 0 switches one off. */
export const supportedFeatures: readonly SupportedFeature[] = [
  // KIP-848: consumer groups whose assignment the coordinator computes.
  { name: 'group.version', minVersion: 0, maxVersion: 1, initialLevel: 1 },
  // KIP-890: at level 2 brokers add partitions to transactions, and each transaction has an epoch of its own.
  { name: 'transaction.version', minVersion: 0, maxVersion: 2, initialLevel: 2 },
];

/** The levels in which a new cluster starts. */
export const initialFeatures: ReadonlyMap<string, number> = new Map(
  supportedFeatures.map(({ name, initialLevel }) => [name, initialLevel]),
);

/** What this release writes into its registration. */
export const supportedRanges: FeatureRanges = new Map(
  supportedFeatures.map(({ name, minVersion, maxVersion }) => [name, { minVersion, maxVersion }]),
);

/** What the releases knew that wrote nothing of it into their registrations. */
export const firstReleaseRanges: FeatureRanges = new Map([
  ['group.version', { minVersion: 0, maxVersion: 1 }],
  ['transaction.version', { minVersion: 0, maxVersion: 2 }],
]);

/** Whether a broker of these ranges can take part where a feature has this level. Level 0 is that of a feature that is off. */
export function knowsLevel(ranges: FeatureRanges, feature: string, level: number): boolean {
  const { minVersion, maxVersion } = ranges.get(feature) ?? { minVersion: 0, maxVersion: 0 };
  return level >= minVersion && level <= maxVersion;
}

/** The first finalized feature whose level a broker of these ranges does not know, in words; undefined where it knows all. */
export function unknownLevel(finalized: ReadonlyMap<string, number>, ranges: FeatureRanges): string | undefined {
  for (const [name, level] of finalized) {
    if (knowsLevel(ranges, name, level)) continue;
    const known = ranges.get(name);
    const has = known === undefined ? 'does not have it' : `knows ${known.minVersion} to ${known.maxVersion}`;
    return `the cluster has feature ${name} at level ${level}, this release ${has}`;
  }
  return undefined;
}

/** The finalized levels with the initial one of each feature that has none yet; the same map where none was missing. */
export function withMissingFeatures(
  finalized: ReadonlyMap<string, number>,
  initial: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const missing = [...initial].filter(([name]) => !finalized.has(name));
  return missing.length === 0 ? finalized : new Map([...finalized, ...missing]);
}
