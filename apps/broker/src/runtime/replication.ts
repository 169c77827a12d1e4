import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { MetadataStore } from '../ports/metadata-store.ts';
import type { BrokerChannels } from './broker-channels.ts';
import type { ReplicaFetchLimits } from './fetcher-lane.ts';
import type { HostedReplica, IsrWish } from './hosted-replica.ts';
import { type IsrChangeCounts, IsrChanges, type OwnRegistration } from './isr-changes.ts';
import { ReplicaFetchers } from './replica-fetchers.ts';
import { registerReplicationMetrics } from './replication-metrics.ts';
import type { ReplicaRegistry } from './replica-registry.ts';
import { isThrottled, type ReplicationThrottle } from './replication-throttle.ts';
import { Resignations } from './resignations.ts';
import type { TopicSettingsOf } from './topic-settings.ts';

export interface ReplicationSettings {
  /** replica.lag.time.max.ms */
  readonly lagTimeMaxMs: number;
  /** replica.selector.class is Kafka's rack-aware one. */
  readonly selectsByRack: boolean;
  readonly fetch: ReplicaFetchLimits;
}

/** The rest of the cluster, as replicas need it. */
export interface ReplicationPorts {
  readonly channels: BrokerChannels;
  readonly store: MetadataStore;
  /** Undefined until this broker is registered. */
  readonly registration: () => OwnRegistration | undefined;
}

export interface ReplicationOptions {
  readonly brokerId: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: ReplicationSettings;
  readonly registry: ReplicaRegistry;
  readonly metrics: Metrics | undefined;
  readonly settingsOf: TopicSettingsOf;
  /** Of what is fetched for throttled replicas. */
  readonly throttle: ReplicationThrottle;
}

const NO_CHANGES: IsrChangeCounts = { shrinks: 0, expands: 0, failed: 0 };

/** What ties this broker's replicas to those of other brokers: fetching as follower, ISRs as leader. */
export class Replication {
  readonly #options: ReplicationOptions;
  #ports: ReplicationPorts | undefined;
  #fetchers: ReplicaFetchers | undefined;
  #isrChanges: IsrChanges | undefined;
  #resignations: Resignations | undefined;

  constructor(options: ReplicationOptions) {
    this.#options = options;
    const { metrics, registry } = options;
    const counts = () => this.#isrChanges?.counts ?? NO_CHANGES;
    if (metrics !== undefined) registerReplicationMetrics(metrics, { registry, counts });
  }

  /** Whether this broker's registration may have ended. Never where there is no cluster. */
  get isFenced(): boolean {
    return this.#ports?.registration()?.isFenced() ?? false;
  }

  begin(ports: ReplicationPorts): void {
    const { brokerId, clock, logger, settings, settingsOf, registry, throttle } = this.#options;
    const { channels, store, registration } = ports;
    this.#ports = ports;
    this.#fetchers = new ReplicaFetchers({
      ...{ brokerId, channels, clock, logger, throttle, limits: settings.fetch },
      isThrottled: ({ topic, partitionIndex }) =>
        isThrottled(settingsOf(topic, registry.image).followerThrottled, partitionIndex, brokerId),
      brokerEpoch: () => registration()?.brokerEpoch,
    });
    this.#isrChanges = new IsrChanges({ brokerId, store, clock, logger, registration });
    this.#resignations = new Resignations({
      ...{ brokerId, store, clock, logger, registration },
      imageInForce: () => registry.image,
      effectiveMinIsrOf: ({ name }, { replicas }, image) =>
        Math.min(settingsOf(name, image).minInsyncReplicas, replicas.length),
    });
  }

  /** This broker is named leader of a partition whose log it cannot use: another is to lead. */
  resign(topic: string, partitionIndex: number): void {
    this.#resignations?.request(topic, partitionIndex);
  }

  roleChanged(replica: HostedReplica): void {
    this.#fetchers?.update(replica);
  }

  /** Where nobody can write it the wish stays open: the maximal ISR counts. */
  changeIsr(replica: HostedReplica, wish: IsrWish): void {
    const { image } = this.#options.registry;
    if (image !== undefined) this.#isrChanges?.request(replica, wish, image);
  }

  async stop(): Promise<void> {
    this.#isrChanges?.stop();
    this.#resignations?.stop();
    await this.#fetchers?.stop();
  }
}
