import type { FeatureRanges } from './features.ts';

/** Where a broker can be reached by clients of one listener. */
export interface BrokerEndpoint {
  readonly listenerName: string;
  readonly host: string;
  readonly port: number;
}

/** A registered broker. */
export interface BrokerImage {
  readonly brokerId: number;
  /** Create revision of the broker's `live/<id>` key; -1 while it is not alive. A new number is a death and a birth. */
  readonly brokerEpoch: number;
  /** Not eligible to lead: registered, but not alive. */
  readonly fenced: boolean;
  /** It is about to stop: it leads nothing more, and joins no in-sync set again. False while it is not alive. */
  readonly inControlledShutdown: boolean;
  readonly endpoints: readonly BrokerEndpoint[];
  readonly rack: string | null;
  /** The machine: never two replicas of a partition on one while another has room. */
  readonly host: string;
  /** Whether this incarnation began after an unclean stop: what it held in memory as an in-sync replica may be lost. */
  readonly uncleanBirth: boolean;
  /**
   * Broker epoch of the newest life that began after an unclean stop, this one or an earlier: what a record from before it says of this
   * broker holds no more, whatever lives came since. -1 or undefined: there was none.
   */
  readonly uncleanEpoch?: number;
  /** Feature levels that its release knows; undefined: those of the first release. */
  readonly features?: FeatureRanges | undefined;
}

/** Leader and replicas of one partition, as `partitions/<topic id>/<p>` holds them. */
export interface PartitionImage {
  readonly partitionIndex: number;
  readonly replicas: readonly number[];
  readonly addingReplicas: readonly number[];
  readonly removingReplicas: readonly number[];
  readonly isr: readonly number[];
  /** Eligible leader replicas (KIP-966). */
  readonly elr: readonly number[];
  readonly lastKnownElr: readonly number[];
  /** -1: no leader. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  /** Modification revision of the partition's key: what a compare-and-set compares. */
  readonly modRevision: number;
}

export interface TopicImage {
  readonly name: string;
  /** Kafka's 22-character base64url UUID. */
  readonly topicId: string;
  /** Indexed by partition. */
  readonly partitions: readonly PartitionImage[];
  /** Modification revision of `topics/<name>`. */
  readonly modRevision: number;
}

/** Which kind of resource a configuration belongs to; the empty broker name is the cluster-wide default. */
export type ConfigResourceType = 'topic' | 'broker' | 'group' | 'client-metrics';

/** The cluster's metadata at one revision of the store. Immutable: a change makes a new image. */
export interface ClusterImage {
  readonly revision: number;
  readonly clusterId: string;
  /** Broker id of the elected controller, -1 if none. */
  readonly controllerId: number;
  /** Create revision of the `controller` key, 0 if there is none: what each write of the controller compares. */
  readonly controllerEpoch: number;
  readonly brokers: ReadonlyMap<number, BrokerImage>;
  readonly topicsByName: ReadonlyMap<string, TopicImage>;
  readonly topicsById: ReadonlyMap<string, TopicImage>;
  /** Overrides only, by `<type>/<name>`. */
  readonly configs: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Finalized feature levels. */
  readonly features: ReadonlyMap<string, number>;
  /** Topics that are deleted but whose keys are still to be swept, by topic id. */
  readonly deletions: ReadonlyMap<string, DeletionImage>;
}

/** A deleted topic: no name leads to it any more. */
export interface DeletionImage {
  readonly name: string;
  readonly topicId: string;
  readonly partitionCount: number;
}

/** The image of a store that holds nothing. */
export const emptyClusterImage: ClusterImage = {
  revision: 0,
  clusterId: '',
  controllerId: -1,
  controllerEpoch: 0,
  brokers: new Map(),
  topicsByName: new Map(),
  topicsById: new Map(),
  configs: new Map(),
  features: new Map(),
  deletions: new Map(),
};

/**
 * Whether a broker may lead the partition now: only under a record that is younger than its own birth, so that no
 * incarnation continues an epoch of an earlier one.
 */
export function mayLead(
  partition: PartitionImage,
  broker: { readonly brokerId: number; readonly brokerEpoch: number },
): boolean {
  return partition.leader === broker.brokerId && broker.brokerEpoch >= 0 && partition.modRevision > broker.brokerEpoch;
}

/** The key of `ClusterImage.configs`. */
export function configKey(type: ConfigResourceType, name: string): string {
  return `${type}/${name}`;
}
