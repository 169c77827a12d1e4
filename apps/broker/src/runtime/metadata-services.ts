import type { BrokerConfig } from '../config/broker-config.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { MetadataStore } from '../ports/metadata-store.ts';
import type { Metrics } from '../ports/metrics.ts';
import type { Random } from '../ports/random.ts';
import { type BrokerDescription, type BrokerRegistration, registerBroker } from './broker-registration.ts';
import { MetadataController } from './metadata-controller.ts';
import { type ImageSubscriber, MetadataLoader, type MetadataView } from './metadata-loader.ts';
import type { TopicAdmin } from './topic-admin.ts';
import { ControllerTopicAdmin } from './topic-admin-controller.ts';
import { electionRules } from './topic-admin-rules.ts';

export interface MetadataServicesOptions {
  readonly store: MetadataStore;
  readonly config: BrokerConfig;
  readonly broker: BrokerDescription;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The metadata cannot be followed any further: the broker must stop. */
  readonly failed: (error: Error) => void;
}

/** The metadata side of one broker, from `joinCluster` to `leave`. */
export interface MetadataServices {
  readonly registration: BrokerRegistration;
  /** The image in force; empty before `follow`. */
  readonly view: MetadataView;
  readonly topics: TopicAdmin;
  /** Subscribers in the order in which they shall act: the replica manager first. Before `follow`. */
  subscribe(subscriber: ImageSubscriber): void;
  /** Gives the first image to the subscribers; settles when it is in force. */
  follow(): Promise<void>;
  /** Newest state, for diagnosis: with what images do not show. */
  readonly loader: MetadataLoader;
  readonly controller: MetadataController;
  /** Leaves the cluster (live key and controllership go) and stops following. The store stays open. */
  leave(): Promise<void>;
  /** Stops following without leaving, as a broker does that has failed. */
  stop(): Promise<void>;
}

/**
 * Registers this broker and elects what its birth asks for; `ensureCluster` comes before it, serving after `follow`.
 * @throws RegistrationError, MetadataRecordError, MetadataStoreError
 */
export async function joinCluster(options: MetadataServicesOptions): Promise<MetadataServices> {
  const { store, config, broker, clock, random, logger, metrics, failed } = options;
  const { brokerId } = broker;
  const registration = await registerBroker(store, random, broker);
  const controller = new MetadataController({
    store,
    brokerId,
    clock,
    logger,
    metrics,
    standForController: () => registration.standForController(),
    electionRulesOf: electionRules(config, brokerId),
  });
  try {
    await controller.settleBirths();
  } catch (error) {
    await registration.end();
    throw error;
  }
  const loader = new MetadataLoader({ store, clock, logger, failed });
  const stop = async () => {
    await loader.stop();
    await controller.stop();
  };
  const actLast = (previous: ClusterImage | undefined, next: ClusterImage) =>
    controller.applyImage(previous, next, () => loader.state());
  return {
    registration,
    view: loader,
    topics: new ControllerTopicAdmin({ store, metadata: loader, brokerId, clock, logger, config, random }),
    subscribe: (subscriber) => loader.subscribe(subscriber),
    follow: () => {
      loader.subscribe(actLast);
      return loader.start();
    },
    loader,
    controller,
    leave: async () => {
      await stop();
      await registration.end();
    },
    stop,
  };
}
