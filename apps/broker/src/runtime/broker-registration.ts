import type { BrokerEndpoint } from '../core/metadata/image.ts';
import { CLUSTER_KEY, CONTROLLER_KEY, liveKey, registrationKey } from '../core/metadata/keys.ts';
import { withMissingFeatures } from '../core/metadata/features.ts';
import { clusterFormat, FORMAT_VERSION, type RegistrationRecord, writeRecord } from '../core/metadata/records.ts';
import { readRecord } from '../core/metadata/value-format.ts';
import type { MetadataStore, StoredEntry, StoreLease } from '../ports/metadata-store.ts';
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
  /** Feature levels of a new cluster. An older one gets those that it has no level for; one set to 0 stays off. */
  readonly features: ReadonlyMap<string, number>;
}

/**
 * The id of the store's cluster; a store without one becomes a new cluster (with the id of the directories, where they have one).
 * Features that an older release did not know are finalized.
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
  if (features !== record.features) {
    // Another broker that starts at the same time may be faster: then the features are there.
    await commitSurely(store, {
      conditions: [{ key: CLUSTER_KEY, modRevision: entry.modRevision }],
      operations: [{ type: 'put', key: CLUSTER_KEY, value: writeRecord({ ...record, features }) }],
    });
  }
  return stored;
}

export interface BrokerDescription {
  readonly brokerId: number;
  /** What clients are told, with the ports that were bound. */
  readonly endpoints: readonly BrokerEndpoint[];
  readonly rack: string | null;
  /** The machine, so that replicas are kept apart. */
  readonly host: string;
  readonly logDirIds: readonly string[];
  /** Broker epoch of the last clean stop (`.kafka_cleanshutdown`), -1 where it was unclean or there was none. */
  readonly previousBrokerEpoch: number;
  /** Lifetime of the lease; without meaning for the embedded store. */
  readonly leaseTtlMs: number;
}

/** One incarnation of a broker in the cluster. */
export interface BrokerRegistration {
  /** Create revision of `live/<id>`: goes into `.kafka_cleanshutdown` at a clean stop. */
  readonly brokerEpoch: number;
  /** Monotonic milliseconds until which the registration surely holds. */
  deadlineMs(): number;
  /** Makes this broker the controller if there is none. Losing is no fault: then another broker is. */
  standForController(): Promise<void>;
  /** Leaves the cluster: `live/<id>` goes, and `controller` if this broker had it. */
  end(): Promise<void>;
}

/** Registers the broker and makes it the controller if there is none. @throws RegistrationError where its id is taken */
export async function registerBroker(
  store: MetadataStore,
  random: Random,
  broker: BrokerDescription,
): Promise<BrokerRegistration> {
  const lease = await store.lease(broker.leaseTtlMs);
  try {
    const brokerEpoch = await register(store, random.uuid(), lease, broker);
    const stand = () => standForController(store, lease, broker.brokerId);
    await stand();
    return {
      brokerEpoch,
      deadlineMs: () => lease.deadlineMs(),
      standForController: stand,
      end: () => lease.revoke(),
    };
  } catch (error) {
    await lease.revoke();
    throw error;
  }
}

async function register(
  store: MetadataStore,
  incarnationId: string,
  lease: StoreLease,
  broker: BrokerDescription,
): Promise<number> {
  const { brokerId } = broker;
  const former = await readKey(store, registrationKey(brokerId));
  const registration: RegistrationRecord = {
    endpoints: broker.endpoints,
    rack: broker.rack,
    host: broker.host,
    logDirIds: broker.logDirIds,
    incarnationId,
    leaseId: lease.id,
    // Registration and life are written together, so the former registration's revision was the former broker epoch.
    uncleanBirth: former !== undefined && former.modRevision !== broker.previousBrokerEpoch,
  };
  const result = await commitSurely(store, {
    conditions: [
      { key: liveKey(brokerId), createRevision: 0 },
      { key: registrationKey(brokerId), modRevision: former?.modRevision ?? 0 },
    ],
    operations: [
      { type: 'put', key: registrationKey(brokerId), value: writeRecord(registration) },
      { type: 'put', key: liveKey(brokerId), value: writeRecord({ incarnationId }), leaseId: lease.id },
    ],
  });
  if (result.status === 'ok') return result.revision;
  throw new RegistrationError(`broker ${brokerId} is running in this cluster already; node.id must be unique`);
}

async function standForController(store: MetadataStore, lease: StoreLease, brokerId: number): Promise<void> {
  await commitSurely(store, {
    conditions: [{ key: CONTROLLER_KEY, createRevision: 0 }],
    operations: [{ type: 'put', key: CONTROLLER_KEY, value: writeRecord({ brokerId }), leaseId: lease.id }],
  });
}

async function readKey(store: MetadataStore, key: string): Promise<StoredEntry | undefined> {
  const { entries } = await store.read(key);
  return entries.find((entry) => entry.key === key);
}
