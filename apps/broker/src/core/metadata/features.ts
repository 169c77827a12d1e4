/** A feature that clients and brokers switch by a cluster-wide level (KIP-584). */
export interface SupportedFeature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
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

/** The finalized levels with the initial one of each feature that has none yet; the same map where none was missing. */
export function withMissingFeatures(
  finalized: ReadonlyMap<string, number>,
  initial: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const missing = [...initial].filter(([name]) => !finalized.has(name));
  return missing.length === 0 ? finalized : new Map([...finalized, ...missing]);
}
