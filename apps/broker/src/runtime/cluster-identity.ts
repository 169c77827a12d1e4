import { withMissingFeatures } from '../core/metadata/features.ts';
import { CLUSTER_KEY, REGISTRATIONS_PREFIX, registrationKey } from '../core/metadata/keys.ts';
import { clusterFormat, FORMAT_VERSION, writeRecord } from '../core/metadata/records.ts';
import { readRecord } from '../core/metadata/value-format.ts';
import type { MetadataStore, StoredEntry } from '../ports/metadata-store.ts';
import type { Random } from '../ports/random.ts';
import { commitSurely } from './metadata-commit.ts';

/** The broker cannot join: one clear line for the user. */
export class RegistrationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RegistrationError';
  }
}

export interface ClusterIdentity {
  /** What `meta.properties` of this broker's directories says; undefined in new ones. */
  readonly clusterId: string | undefined;
  /** This broker. */
  readonly brokerId?: number;
  /**
   * Feature levels of a new cluster. An older one of this broker alone gets those that it has no level for; one set to 0 stays off.
   * Where others belong to it they may be of an older release: then new features stay off until somebody raises them.
   */
  readonly features: ReadonlyMap<string, number>;
}

/**
 * The id of the store's cluster; a store without one becomes a new cluster (with the id of the directories, where they have one).
 * Features that an older release did not know are finalized where this broker is the only one.
 * @throws RegistrationError where store and directories belong to different clusters
 */
export async function ensureCluster(store: MetadataStore, random: Random, identity: ClusterIdentity): Promise<string> {
  const clusterId = identity.clusterId ?? random.uuid();
  const value = writeRecord({ clusterId, formatVersion: FORMAT_VERSION, features: identity.features });
  const first = {
    conditions: [{ key: CLUSTER_KEY, modRevision: 0 }],
    operations: [{ type: 'put', key: CLUSTER_KEY, value }],
  } as const;
  if ((await readKey(store, CLUSTER_KEY)) === undefined) await commitSurely(store, first);
  const entry = await readKey(store, CLUSTER_KEY);
  if (entry === undefined) throw new RegistrationError('the metadata store does not keep what is written to it');
  const record = readRecord(CLUSTER_KEY, entry.value, clusterFormat);
  const stored = record.clusterId;
  if (identity.clusterId !== undefined && stored !== identity.clusterId) {
    throw new RegistrationError(
      `the log directories belong to cluster ${identity.clusterId}, the metadata to cluster ${stored}: give this broker its own log.dirs`,
    );
  }
  const features = withMissingFeatures(record.features, identity.features);
  if (features !== record.features && !(await hasOthers(store, identity.brokerId))) {
    // Another broker that starts at the same time may be faster: then the features are there.
    await commitSurely(store, {
      conditions: [{ key: CLUSTER_KEY, modRevision: entry.modRevision }],
      operations: [{ type: 'put', key: CLUSTER_KEY, value: writeRecord({ ...record, features }) }],
    });
  }
  return stored;
}

async function hasOthers(store: MetadataStore, brokerId: number | undefined): Promise<boolean> {
  const { entries } = await store.read(REGISTRATIONS_PREFIX);
  return entries.some(({ key }) => brokerId === undefined || key !== registrationKey(brokerId));
}

/** The entry of one key; undefined where there is none. */
export async function readKey(store: MetadataStore, key: string): Promise<StoredEntry | undefined> {
  const { entries } = await store.read(key);
  return entries.find((entry) => entry.key === key);
}
