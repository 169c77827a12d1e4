import type { ClusterAdmin } from '../runtime/cluster-admin.ts';
import type { ControllerChannel } from '../runtime/controller-channel.ts';
import type { ConfigAdmin } from '../runtime/config-admin.ts';
import type { GroupCoordinator } from '../runtime/group-coordinator.ts';
import type { MetadataView } from '../runtime/metadata-loader.ts';
import type { ReplicaManager } from '../runtime/replica-manager.ts';
import type { TopicAdmin } from '../runtime/topic-admin.ts';
import type { TransactionCoordinator } from '../runtime/transaction-coordinator.ts';
import type { VersionRange } from '@ks/protocol';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { FetchSessionCache } from '../core/fetch-session/session-cache.ts';
import type { Clock } from '../ports/clock.ts';
import type { DiskSpace } from '../ports/disk-space.ts';
import type { Logger } from '../ports/logger.ts';

/** One entry of ApiVersions' answer. */
export interface AdvertisedApi {
  readonly apiKey: number;
  readonly name: string;
  /** What clients are told. */
  readonly advertised: VersionRange;
  /** What is answered; a request outside of it ends its connection (ApiVersions excepted). */
  readonly served: VersionRange;
}

/** What handlers may call: one member per runtime service, each an interface declared by its owner in `runtime/`. */
export interface BrokerServices {
  readonly nodeId: number;
  readonly clusterId: string;
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly diskSpace: DiskSpace;
  readonly replicas: ReplicaManager;
  /** The readers that ask incrementally (KIP-227). */
  readonly fetchSessions: FetchSessionCache;
  /** The cluster image in force. */
  readonly metadata: MetadataView;
  /** The way to the controller, where that is another broker. */
  readonly controllerChannel: ControllerChannel;
  /** Creates, extends and deletes topics. */
  readonly controller: TopicAdmin;
  /** Changes who leads and who holds partitions, and the cluster's features. */
  readonly cluster: ClusterAdmin;
  /** Changes configurations. */
  readonly configs: ConfigAdmin;
  /** Consumer groups and committed offsets. */
  readonly groups: GroupCoordinator;
  /** Producer ids and transactions. */
  readonly transactions: TransactionCoordinator;
  /** Every API this broker answers, by ascending key: derived from `handlers/index.ts`. */
  readonly apis: readonly AdvertisedApi[];
}
