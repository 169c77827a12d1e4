/** Where a broker can be reached by clients of one listener. */
export interface BrokerEndpoint {
  readonly listenerName: string;
  readonly host: string;
  readonly port: number;
}

/** A registered broker. */
export interface BrokerImage {
  readonly brokerId: number;
  /** Create revision of the broker's `live/<id>` key; -1 while it is not alive. */
  readonly brokerEpoch: number;
  /** Not eligible to lead: registered, but not alive. */
  readonly fenced: boolean;
  readonly endpoints: readonly BrokerEndpoint[];
  readonly rack: string | null;
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
}

/** Which kind of resource a configuration belongs to; the empty broker name is the cluster-wide default. */
export type ConfigResourceType = 'topic' | 'broker' | 'group' | 'client-metrics';

/** The cluster's metadata at one revision of the store. Immutable: a change makes a new image. */
export interface ClusterImage {
  readonly revision: number;
  readonly clusterId: string;
  /** Broker id of the elected controller, -1 if none. */
  readonly controllerId: number;
  readonly brokers: ReadonlyMap<number, BrokerImage>;
  readonly topicsByName: ReadonlyMap<string, TopicImage>;
  readonly topicsById: ReadonlyMap<string, TopicImage>;
  /** Overrides only, by `<type>/<name>`. */
  readonly configs: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Finalized feature levels. */
  readonly features: ReadonlyMap<string, number>;
}
