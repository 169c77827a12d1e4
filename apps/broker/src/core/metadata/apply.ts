import type { StoreChange, StoredEntry, StoreRevision } from '../../ports/metadata-store.ts';
import {
  type BrokerImage,
  type ClusterImage,
  type DeletionImage,
  emptyClusterImage,
  type PartitionImage,
  type TopicImage,
} from './image.ts';
import { type MetadataKey, parseKey, partitionKey, topicKey } from './keys.ts';
import { MapDraft } from './map-draft.ts';
import * as records from './records.ts';
import { MetadataRecordError, readRecord } from './value-format.ts';

/** What is needed to advance an image: the image, and what the store holds but the image does not show. Immutable. */
export interface MetadataState {
  readonly image: ClusterImage;
  /** Partition records of all topic ids, of those too that no `topics/<name>` names (yet, or any more). */
  readonly partitions: ReadonlyMap<string, ReadonlyMap<number, PartitionImage>>;
  readonly registrations: ReadonlyMap<number, Registration>;
  /** What `live/<id>` says, of the brokers that have one. */
  readonly lives: ReadonlyMap<number, Life>;
}

/** What `registrations/<id>` says, and which unclean birth it tells of: see `BrokerImage`. */
type Registration = records.RegistrationRecord & { readonly uncleanEpoch: number };

/** One incarnation of a broker. */
export interface Life {
  /** Create revision of `live/<id>`. */
  readonly brokerEpoch: number;
  readonly inControlledShutdown: boolean;
}

const emptyState: MetadataState = {
  image: emptyClusterImage,
  partitions: new Map(),
  registrations: new Map(),
  lives: new Map(),
};

/** The state at one revision, from all entries of the store. @throws MetadataRecordError */
export function stateFromEntries(entries: readonly StoredEntry[], revision: number): MetadataState {
  return advance(emptyState, [{ revision, changes: entries.map((entry) => ({ key: entry.key, entry })) }]);
}

/** The state after the given revisions, which must follow the state's own. Topics that did not change stay the same objects. @throws MetadataRecordError */
export function advance(state: MetadataState, revisions: readonly StoreRevision[]): MetadataState {
  const draft = new StateDraft(state);
  for (const { changes } of revisions) for (const change of changes) draft.apply(change);
  return draft.result(revisions.at(-1)?.revision ?? state.image.revision);
}

/**
 * Partition records that no image shows and no deletion will sweep, by topic id: of a creation or an addition that is under way,
 * or of one that was cut short.
 */
export function leftoverPartitions(state: MetadataState): ReadonlyMap<string, readonly PartitionImage[]> {
  const leftovers = new Map<string, readonly PartitionImage[]>();
  for (const [topicId, partitions] of state.partitions) {
    if (state.image.deletions.has(topicId)) continue;
    const shown = state.image.topicsById.get(topicId)?.partitions.length ?? 0;
    if (partitions.size > shown) {
      const beyond = [...partitions.values()].filter((each) => each.partitionIndex >= shown);
      leftovers.set(
        topicId,
        beyond.sort((a, b) => a.partitionIndex - b.partitionIndex),
      );
    }
  }
  return leftovers;
}

type StoredTopic = records.TopicRecord & { readonly modRevision: number };

class StateDraft {
  readonly #base: MetadataState;
  #cluster: Pick<ClusterImage, 'clusterId' | 'features' | 'controllerId' | 'controllerEpoch'>;
  readonly #topics = new Map<string, StoredTopic | undefined>();
  readonly #touchedTopicIds = new Set<string>();
  readonly #touchedBrokers = new Set<number>();
  readonly #partitions: MapDraft<string, ReadonlyMap<number, PartitionImage>>;
  readonly #partitionsOf = new Map<string, Map<number, PartitionImage>>();
  readonly #registrations: MapDraft<number, Registration>;
  readonly #lives: MapDraft<number, Life>;
  readonly #configs: MapDraft<string, ReadonlyMap<string, string>>;
  readonly #deletions: MapDraft<string, DeletionImage>;

  constructor(base: MetadataState) {
    this.#base = base;
    this.#cluster = base.image;
    this.#partitions = new MapDraft(base.partitions);
    this.#registrations = new MapDraft(base.registrations);
    this.#lives = new MapDraft(base.lives);
    this.#configs = new MapDraft(base.image.configs);
    this.#deletions = new MapDraft(base.image.deletions);
  }

  apply({ key, entry }: StoreChange): void {
    const parsed = parseKey(key);
    if (parsed !== undefined) this.#applyParsed(parsed, entry);
  }

  #applyParsed(key: MetadataKey, entry: StoredEntry | undefined): void {
    switch (key.type) {
      case 'cluster': {
        const { clusterId, features } = read(entry, records.clusterFormat) ?? emptyClusterImage;
        this.#cluster = { ...this.#cluster, clusterId, features };
        return;
      }
      case 'controller': {
        const controllerId = read(entry, records.controllerFormat)?.brokerId ?? -1;
        this.#cluster = { ...this.#cluster, controllerId, controllerEpoch: entry?.createRevision ?? 0 };
        return;
      }
      case 'registration':
        this.#touchedBrokers.add(key.brokerId);
        this.#registrations.put(key.brokerId, registrationOf(entry));
        return;
      case 'live':
        this.#touchedBrokers.add(key.brokerId);
        this.#lives.put(key.brokerId, lifeOf(entry));
        return;
      case 'topic':
        this.#topics.set(
          key.name,
          entry && { ...readRecord(entry.key, entry.value, records.topicFormat), modRevision: entry.modRevision },
        );
        return;
      case 'deletion': {
        const deletion = read(entry, records.deletionFormat);
        this.#deletions.put(key.topicId, deletion && { ...deletion, topicId: key.topicId });
        return;
      }
      case 'partition':
        this.#applyPartition(key.topicId, key.partitionIndex, entry);
        return;
      case 'config':
        this.#configs.put(key.resource, read(entry, records.configFormat));
        return;
      default:
        throw new Error(`no such key: ${key satisfies never}`);
    }
  }

  #applyPartition(topicId: string, partitionIndex: number, entry: StoredEntry | undefined): void {
    this.#touchedTopicIds.add(topicId);
    let partitions = this.#partitionsOf.get(topicId);
    if (partitions === undefined) {
      partitions = new Map(this.#partitions.get(topicId));
      this.#partitionsOf.set(topicId, partitions);
    }
    const record = read(entry, records.partitionFormat);
    if (record === undefined || entry === undefined) partitions.delete(partitionIndex);
    else partitions.set(partitionIndex, { partitionIndex, ...record, modRevision: entry.modRevision });
    this.#partitions.put(topicId, partitions.size === 0 ? undefined : partitions);
  }

  result(revision: number): MetadataState {
    const partitions = this.#partitions.result();
    const registrations = this.#registrations.result();
    const lives = this.#lives.result();
    const image: ClusterImage = {
      ...this.#base.image,
      ...this.#topicsResult(partitions),
      clusterId: this.#cluster.clusterId,
      features: this.#cluster.features,
      controllerId: this.#cluster.controllerId,
      controllerEpoch: this.#cluster.controllerEpoch,
      brokers: this.#brokersResult(registrations, lives),
      configs: this.#configs.result(),
      deletions: this.#deletions.result(),
      revision,
    };
    return { image, partitions, registrations, lives };
  }

  #topicsResult(partitions: MetadataState['partitions']): Pick<ClusterImage, 'topicsByName' | 'topicsById'> {
    const byName = new MapDraft(this.#base.image.topicsByName);
    const byId = new MapDraft(this.#base.image.topicsById);
    for (const topicId of this.#touchedTopicIds) {
      const topic = byId.get(topicId);
      if (topic === undefined || this.#topics.has(topic.name)) continue;
      this.#topics.set(topic.name, {
        topicId,
        partitionCount: topic.partitions.length,
        modRevision: topic.modRevision,
      });
    }
    // First all that goes, so that a topic id is never removed after it was set.
    for (const name of this.#topics.keys()) {
      const before = byName.get(name);
      if (before !== undefined) byId.delete(before.topicId);
    }
    for (const [name, record] of this.#topics) {
      const topic = record && topicImage(name, record, partitions.get(record.topicId));
      byName.put(name, topic);
      if (topic !== undefined) byId.set(topic.topicId, topic);
    }
    return { topicsByName: byName.result(), topicsById: byId.result() };
  }

  #brokersResult(
    registrations: MetadataState['registrations'],
    lives: MetadataState['lives'],
  ): ReadonlyMap<number, BrokerImage> {
    const brokers = new MapDraft(this.#base.image.brokers);
    for (const brokerId of this.#touchedBrokers) {
      const registration = registrations.get(brokerId);
      brokers.put(brokerId, registration && brokerImage(brokerId, registration, lives.get(brokerId)));
    }
    return brokers.result();
  }
}

function topicImage(
  name: string,
  record: StoredTopic,
  partitions: ReadonlyMap<number, PartitionImage> | undefined,
): TopicImage {
  const shown = Array.from({ length: record.partitionCount }, (_, index) => {
    const partition = partitions?.get(index);
    if (partition !== undefined) return partition;
    throw new MetadataRecordError(
      topicKey(name),
      `it names ${record.partitionCount} partitions, but ${partitionKey(record.topicId, index)} is missing`,
    );
  });
  return { name, topicId: record.topicId, partitions: shown, modRevision: record.modRevision };
}

function brokerImage(brokerId: number, registration: Registration, life: Life | undefined): BrokerImage {
  const { endpoints, rack, host, uncleanBirth, uncleanEpoch, features } = registration;
  return {
    brokerId,
    brokerEpoch: life?.brokerEpoch ?? -1,
    fenced: life === undefined,
    inControlledShutdown: life?.inControlledShutdown ?? false,
    endpoints,
    rack,
    host,
    uncleanBirth,
    uncleanEpoch,
    features,
  };
}

/** Registration and life are written together: the registration's revision is the broker epoch. */
function registrationOf(entry: StoredEntry | undefined): Registration | undefined {
  const record = read(entry, records.registrationFormat);
  if (record === undefined || entry === undefined) return undefined;
  return { ...record, uncleanEpoch: records.uncleanEpochOf(record, entry.modRevision) };
}

function lifeOf(entry: StoredEntry | undefined): Life | undefined {
  const inControlledShutdown = read(entry, records.liveFormat)?.inControlledShutdown ?? false;
  return entry && { brokerEpoch: entry.createRevision, inControlledShutdown };
}

function read<T>(entry: StoredEntry | undefined, format: (value: unknown, path: string) => T): T | undefined {
  return entry === undefined ? undefined : readRecord(entry.key, entry.value, format);
}
