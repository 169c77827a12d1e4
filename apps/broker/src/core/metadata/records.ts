import { type FeatureRange, type FeatureRanges, firstReleaseRanges } from './features.ts';
import type { BrokerEndpoint, PartitionImage } from './image.ts';
import {
  type Format,
  flag,
  flagOrFalse,
  listOf,
  mapOf,
  objectOf,
  orNull,
  text,
  whole,
  wholeOrNone,
} from './value-format.ts';

/** Raised when a value's meaning changes so that older releases must not read it. */
export const FORMAT_VERSION = 1;

/** `cluster` */
export interface ClusterRecord {
  readonly clusterId: string;
  readonly formatVersion: number;
  /** Finalized feature levels. */
  readonly features: ReadonlyMap<string, number>;
}

/** `registrations/<id>`: stays after the broker is gone. Written together with `live/<id>`, so its mod revision is the broker epoch. */
export interface RegistrationRecord {
  readonly endpoints: readonly BrokerEndpoint[];
  readonly rack: string | null;
  readonly host: string;
  readonly logDirIds: readonly string[];
  readonly incarnationId: string;
  /** The lease that `live/<id>` is bound to. */
  readonly leaseId: string;
  readonly uncleanBirth: boolean;
  /** Broker epoch of the newest unclean birth before this one; -1: there was none. */
  readonly formerUncleanEpoch: number;
  /** Feature levels that the release of this incarnation knows. */
  readonly features: FeatureRanges;
}

/** Broker epoch of the newest unclean birth up to this registration, which was written at `modRevision`; -1: there was none. */
export function uncleanEpochOf(
  { uncleanBirth, formerUncleanEpoch }: Pick<RegistrationRecord, 'uncleanBirth' | 'formerUncleanEpoch'>,
  modRevision: number,
): number {
  return uncleanBirth ? modRevision : formerUncleanEpoch;
}

/** `live/<id>` */
export interface LiveRecord {
  readonly incarnationId: string;
  /** Written over the key of a broker that is about to stop: the create revision, its epoch, stays. */
  readonly inControlledShutdown: boolean;
}

/** `controller` */
export interface ControllerRecord {
  readonly brokerId: number;
}

/** `topics/<name>` */
export interface TopicRecord {
  readonly topicId: string;
  readonly partitionCount: number;
}

/** `deletions/<topic id>` */
export interface DeletionRecord {
  readonly name: string;
  readonly partitionCount: number;
}

/** `producer-ids` */
export interface ProducerIdsRecord {
  /** The first id of the next block. */
  readonly nextProducerId: number;
  /** Names the allocation that wrote this, so that a lost answer can be told from another's block. */
  readonly allocation: string;
}

/** `partitions/<topic id>/<p>` */
export type PartitionRecord = Omit<PartitionImage, 'partitionIndex' | 'modRevision'>;

const brokerIds = listOf(whole(0));

export const clusterFormat: Format<ClusterRecord> = objectOf<ClusterRecord>({
  clusterId: text,
  formatVersion: supportedVersion,
  features: mapOf(whole(0)),
});

export const registrationFormat: Format<RegistrationRecord> = objectOf<RegistrationRecord>({
  endpoints: listOf(objectOf<BrokerEndpoint>({ listenerName: text, host: text, port: whole(0) })),
  rack: orNull(text),
  host: text,
  logDirIds: listOf(text),
  incarnationId: text,
  leaseId: text,
  uncleanBirth: flag,
  formerUncleanEpoch: wholeOrNone,
  features: rangesOrFirst,
});

export const liveFormat: Format<LiveRecord> = objectOf<LiveRecord>({
  incarnationId: text,
  inControlledShutdown: flagOrFalse,
});
export const controllerFormat: Format<ControllerRecord> = objectOf<ControllerRecord>({ brokerId: whole(0) });
export const topicFormat: Format<TopicRecord> = objectOf<TopicRecord>({ topicId: text, partitionCount: whole(1) });
export const deletionFormat: Format<DeletionRecord> = objectOf<DeletionRecord>({
  name: text,
  partitionCount: whole(1),
});
export const producerIdsFormat: Format<ProducerIdsRecord> = objectOf<ProducerIdsRecord>({
  nextProducerId: whole(0),
  allocation: text,
});
export const configFormat: Format<ReadonlyMap<string, string>> = mapOf(text);

export const partitionFormat: Format<PartitionRecord> = objectOf<PartitionRecord>({
  replicas: brokerIds,
  addingReplicas: brokerIds,
  removingReplicas: brokerIds,
  isr: brokerIds,
  elr: brokerIds,
  lastKnownElr: brokerIds,
  leader: whole(-1),
  leaderEpoch: whole(0),
  partitionEpoch: whole(0),
});

/** An older release did not write them. */
function rangesOrFirst(value: unknown, path: string): FeatureRanges {
  if (value === undefined) return firstReleaseRanges;
  return mapOf(objectOf<FeatureRange>({ minVersion: whole(0), maxVersion: whole(0) }))(value, path);
}

function supportedVersion(value: unknown, path: string): number {
  const version = whole(1)(value, path);
  if (version > FORMAT_VERSION)
    throw new TypeError(`${path} is ${version}; this release of ks reads ${FORMAT_VERSION}`);
  return version;
}

/** The JSON text of a record; maps become objects. */
export function writeRecord(
  record:
    | ClusterRecord
    | RegistrationRecord
    | LiveRecord
    | ControllerRecord
    | TopicRecord
    | DeletionRecord
    | PartitionRecord
    | ProducerIdsRecord
    | ReadonlyMap<string, string>,
): string {
  return JSON.stringify(record, (_key, value: unknown) => (value instanceof Map ? Object.fromEntries(value) : value));
}

/** The record of a partition's image, without what its key and entry say already. */
export function partitionRecord(image: PartitionImage | PartitionRecord): PartitionRecord {
  const { replicas, addingReplicas, removingReplicas, isr, elr, lastKnownElr, leader, leaderEpoch, partitionEpoch } =
    image;
  return { replicas, addingReplicas, removingReplicas, isr, elr, lastKnownElr, leader, leaderEpoch, partitionEpoch };
}
