import type { Codec } from '@ks/protocol';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { MetadataStore } from '../ports/metadata-store.ts';
import type { Random } from '../ports/random.ts';
import type { GroupCoordinatorHost } from './group-coordinator.ts';
import type { BrokerChannels } from './broker-channels.ts';
import { brokerValues } from './broker-values.ts';
import { LocalMarkers } from './local-markers.ts';
import { BlockProducerIds } from './producer-ids.ts';
import type { ReplicaManager } from './replica-manager.ts';
import type { TopicAdmin } from './topic-admin.ts';
import type { TransactionCoordinatorHost } from './transaction-coordinator.ts';
import { TransactionCoordinatorService } from './transaction-coordinator-service.ts';

/** How long a record of a transaction, or a marker, may take to be committed before it is tried again. */
const COMMIT_TIMEOUT_MS = 5000;

export interface CreateTransactionCoordinatorOptions {
  readonly config: BrokerConfig;
  readonly store: MetadataStore;
  readonly replicas: Pick<ReplicaManager, 'append' | 'partition'>;
  readonly controller: Pick<TopicAdmin, 'ensureInternalTopic'>;
  readonly groups: Pick<GroupCoordinatorHost, 'commitTransactionalOffsets' | 'markOffsets'>;
  readonly image: () => ClusterImage;
  readonly channels: BrokerChannels;
  readonly checksum: { crc32c(bytes: Uint8Array, seed?: number): number };
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Puts the transaction coordinator together from its parts. */
export function createTransactionCoordinator(options: CreateTransactionCoordinatorOptions): TransactionCoordinatorHost {
  const { config, store, replicas, controller, groups, image, channels } = options;
  const { checksum, codec, clock, random, logger } = options;
  const { values } = config;
  const valuesInForce = brokerValues(config);
  const local = new LocalMarkers({
    ...{ replicas, checksum, clock },
    timeoutMs: COMMIT_TIMEOUT_MS,
    markOffsets: (partitionIndex, marker) => groups.markOffsets(partitionIndex, marker),
  });
  return new TransactionCoordinatorService({
    brokerId: config.nodeId,
    config: {
      maxTimeoutMs: values['transaction.max.timeout.ms'],
      transactionalIdExpirationMs: values['transactional.id.expiration.ms'],
    },
    commitTimeoutMs: COMMIT_TIMEOUT_MS,
    loadBufferBytes: values['transaction.state.log.load.buffer.size'],
    expiryCheckIntervalMs: values['transaction.remove.expired.transaction.cleanup.interval.ms'],
    producerIds: new BlockProducerIds(store, random),
    writeMarkersHere: (markers) => local.write(markers),
    isVerificationEnabled: () => valuesInForce(image())['transaction.partition.verification.enable'],
    ...{ replicas, controller, groups, image, channels, checksum, codec, clock, logger },
  });
}
