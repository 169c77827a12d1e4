import { type FeatureRanges, supportedRanges, unknownLevel } from '../core/metadata/features.ts';
import { type BrokerEndpoint, type ClusterImage, emptyClusterImage } from '../core/metadata/image.ts';
import { CLUSTER_KEY, CONTROLLER_KEY, liveKey, registrationKey } from '../core/metadata/keys.ts';
import {
  clusterFormat,
  type RegistrationRecord,
  registrationFormat,
  uncleanEpochOf,
  writeRecord,
} from '../core/metadata/records.ts';
import { readRecord } from '../core/metadata/value-format.ts';
import type { Clock, Timer } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { type MetadataStore, MetadataStoreError, type StoredEntry, type StoreLease } from '../ports/metadata-store.ts';
import type { Random } from '../ports/random.ts';
import { type ClusterIdentity, ensureCluster, RegistrationError, readKey } from './cluster-identity.ts';
import { commitSurely } from './metadata-commit.ts';

export { type ClusterIdentity, ensureCluster, RegistrationError };

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
  /** Feature levels that this release knows; default those of the sources. */
  readonly features?: FeatureRanges;
}

/** A broker's place in the cluster. Where the store lets its lease go, it registers anew: the same process, a new broker epoch. */
export interface BrokerRegistration {
  /** Create revision of `live/<id>` as last registered: goes into `.kafka_cleanshutdown` at a clean stop. */
  readonly brokerEpoch: number;
  /** Monotonic milliseconds until which the registration surely holds. */
  deadlineMs(): number;
  /**
   * Past the deadline: others may have been elected meanwhile. Then acks 0 and 1 are refused, no ISR is changed and nothing is
   * administered; acks=all, coordinators and fetches up to the high watermark go on. To be asked at each admit.
   */
  isFenced(): boolean;
  /** Makes this broker the controller if there is none. Losing is no fault: then another broker is. */
  standForController(): Promise<void>;
  /** Tells the cluster that this broker is about to stop, so that others lead in its stead. */
  beginControlledShutdown(): Promise<void>;
  /** Where the image lacks this broker though its lease holds (somebody has deleted the key) it is registered anew. */
  applyImage(image: ClusterImage): void;
  /** Leaves the cluster: `live/<id>` goes, and `controller` if this broker had it. */
  end(): Promise<void>;
}

/** What a registration needs beside the store for the time after it. */
export interface RegistrationSurroundings {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The broker cannot be registered again: another one took its id. */
  readonly failed: (error: Error) => void;
}

/**
 * Registers the broker and makes it the controller if there is none. A predecessor that wrote to the same log directories is
 * dead, as this process holds their lock: its lease is ended. Another broker's lease is waited for, twice its lifetime.
 * @throws RegistrationError where its id is taken, or the cluster has a feature at a level that this release does not know
 */
export async function registerBroker(
  store: MetadataStore,
  random: Random,
  broker: BrokerDescription,
  surroundings: RegistrationSurroundings,
): Promise<BrokerRegistration> {
  const registration = new LeasedRegistration({ store, random, broker, ...surroundings });
  await registration.start();
  return registration;
}

interface LeasedRegistrationOptions extends RegistrationSurroundings {
  readonly store: MetadataStore;
  readonly random: Random;
  readonly broker: BrokerDescription;
}

interface Incarnation {
  readonly id: string;
  readonly lease: StoreLease;
  readonly brokerEpoch: number;
}

class LeasedRegistration implements BrokerRegistration {
  readonly #options: LeasedRegistrationOptions;
  #current: Incarnation | undefined;
  #isEnding = false;
  #isShuttingDown = false;
  /** The incarnation that is being replaced by a new one. */
  #replaced: Incarnation | undefined;
  /** Until it is looked whether a registration that an image lacks is gone for good. */
  #missing: Timer | undefined;

  constructor(options: LeasedRegistrationOptions) {
    this.#options = options;
  }

  get brokerEpoch(): number {
    return this.#current?.brokerEpoch ?? -1;
  }

  deadlineMs(): number {
    return this.#current?.lease.deadlineMs() ?? 0;
  }

  isFenced(): boolean {
    return this.#options.clock.monotonicMs() >= this.deadlineMs();
  }

  async start(): Promise<void> {
    await this.#register(this.#options.broker.previousBrokerEpoch);
    await this.standForController();
  }

  async standForController(): Promise<void> {
    const { store, broker } = this.#options;
    const lease = this.#current?.lease;
    if (lease === undefined || this.#isEnding || this.#isShuttingDown) return;
    const value = writeRecord({ brokerId: broker.brokerId });
    try {
      await commitSurely(store, {
        conditions: [{ key: CONTROLLER_KEY, createRevision: 0 }],
        operations: [{ type: 'put', key: CONTROLLER_KEY, value, leaseId: lease.id }],
      });
    } catch (error) {
      // Whose lease has ended stands again once it is registered anew.
      if (!(error instanceof MetadataStoreError) || error.kind !== 'lease-not-found') throw error;
    }
  }

  async beginControlledShutdown(): Promise<void> {
    this.#isShuttingDown = true;
    const current = this.#current;
    if (current === undefined) return;
    const key = liveKey(this.#options.broker.brokerId);
    const value = writeRecord({ incarnationId: current.id, inControlledShutdown: true });
    await commitSurely(this.#options.store, {
      conditions: [{ key, createRevision: current.brokerEpoch }],
      operations: [{ type: 'put', key, value, leaseId: current.lease.id }],
    });
  }

  applyImage({ revision, brokers }: ClusterImage): void {
    const { clock, broker } = this.#options;
    const current = this.#current;
    if (current === undefined || this.#missing !== undefined || this.#isEnding || this.#isShuttingDown) return;
    if (revision < current.brokerEpoch || brokers.get(broker.brokerId)?.brokerEpoch === current.brokerEpoch) return;
    // Mostly its lease has ended, which the next keep-alive says: then that is enough.
    this.#missing = clock.setTimer(broker.leaseTtlMs / 2, () => {
      this.#missing = undefined;
      if (this.#isEnding || this.#isShuttingDown || this.#current !== current || this.#replaced === current) return;
      this.#options.logger.warn({ brokerEpoch: current.brokerEpoch }, 'somebody has deleted the registration');
      void this.#giveUp(current).then(() => this.#registerAgain(current));
    });
  }

  /** Nothing may hang on the old lease any more, least of all the controller's key. */
  async #giveUp({ lease }: Incarnation): Promise<void> {
    await lease.revoke().catch((error: unknown) => {
      this.#options.logger.warn({ error }, 'the former lease could not be revoked; it will run out');
    });
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    this.#missing?.cancel();
    try {
      await this.#current?.lease.revoke();
    } catch (error) {
      // A store that cannot be reached lets the lease run out by itself.
      if (!(error instanceof MetadataStoreError)) throw error;
      this.#options.logger.warn({ reason: error.message }, 'the registration could not be taken back; it will run out');
    }
  }

  async #register(previousBrokerEpoch: number): Promise<void> {
    const { store, random, broker } = this.#options;
    const lease = await store.lease(broker.leaseTtlMs);
    try {
      const id = random.uuid();
      const brokerEpoch = await this.#takePlace({ id, lease, previousBrokerEpoch });
      const current = { id, lease, brokerEpoch };
      this.#current = current;
      void lease.lost.then(() => this.#registerAgain(current));
    } catch (error) {
      await lease.revoke().catch(() => undefined);
      throw error;
    }
  }

  /** The store says that the lease is gone: registers until it succeeds. What this process holds is still whole. */
  async #registerAgain(lost: Incarnation): Promise<void> {
    const { logger, clock, failed, broker } = this.#options;
    // That its lease has ended and that its registration is missed are noticed apart; two at it would take each other for a stranger.
    if (this.#replaced === lost) return;
    this.#replaced = lost;
    while (!this.#isEnding && this.#current === lost) {
      logger.warn({ brokerEpoch: lost.brokerEpoch }, 'the lease of this broker has ended; registering anew');
      try {
        await this.#register(lost.brokerEpoch);
        await this.standForController();
      } catch (error) {
        const kind = error instanceof MetadataStoreError ? error.kind : undefined;
        if (kind === 'closed' || this.#isEnding) return;
        if (kind !== 'unavailable' && kind !== 'lease-not-found') {
          failed(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        await new Promise<void>((resolve) => clock.setTimer(broker.leaseTtlMs / 3, resolve));
      }
    }
  }

  /** The broker epoch. Waits for the lease of whoever has the id now. */
  async #takePlace(birth: Birth): Promise<number> {
    const { store, clock, broker } = this.#options;
    const mayWait = Number.isFinite(birth.lease.deadlineMs());
    const untilMs = clock.monotonicMs() + (mayWait ? 2 * broker.leaseTtlMs : 0);
    for (;;) {
      await endPredecessor(store, broker);
      const brokerEpoch = await writeBirth(store, birth, broker);
      if (brokerEpoch !== undefined) return brokerEpoch;
      // Something else has changed at the same moment: nobody has to be waited for.
      if (!this.#isEnding && (await readKey(store, liveKey(broker.brokerId))) === undefined) continue;
      if (this.#isEnding || clock.monotonicMs() >= untilMs) break;
      await new Promise<void>((resolve) => clock.setTimer(Math.min(500, broker.leaseTtlMs / 5), resolve));
    }
    throw new RegistrationError(`broker ${broker.brokerId} is running in this cluster already; node.id must be unique`);
  }
}

interface Birth {
  readonly id: string;
  readonly lease: StoreLease;
  readonly previousBrokerEpoch: number;
}

/** Ends the lease of a dead process that had this broker's log directories. */
async function endPredecessor(store: MetadataStore, { brokerId, logDirIds }: BrokerDescription): Promise<void> {
  if ((await readKey(store, liveKey(brokerId))) === undefined) return;
  const former = await readKey(store, registrationKey(brokerId));
  if (former === undefined) return;
  const { leaseId, logDirIds: itsDirectories } = readRecord(former.key, former.value, registrationFormat);
  if (itsDirectories.some((id) => logDirIds.includes(id))) await store.revokeLease(leaseId);
}

/**
 * The broker epoch, or undefined where somebody lives under this id, or the cluster's features changed meanwhile.
 * @throws RegistrationError where a feature has a level that this release does not know
 */
async function writeBirth(
  store: MetadataStore,
  { id, lease, previousBrokerEpoch }: Birth,
  broker: BrokerDescription,
): Promise<number | undefined> {
  const { brokerId, features = supportedRanges } = broker;
  const cluster = await readKey(store, CLUSTER_KEY);
  const { features: finalized } =
    cluster === undefined ? emptyClusterImage : readRecord(cluster.key, cluster.value, clusterFormat);
  const unknown = unknownLevel(finalized, features);
  if (unknown !== undefined) throw new RegistrationError(`broker ${brokerId} cannot join: ${unknown}`);
  const former = await readKey(store, registrationKey(brokerId));
  const registration: RegistrationRecord = {
    endpoints: broker.endpoints,
    rack: broker.rack,
    host: broker.host,
    logDirIds: broker.logDirIds,
    incarnationId: id,
    leaseId: lease.id,
    // Registration and life are written together, so the former registration's revision was the former broker epoch.
    features,
    uncleanBirth: former !== undefined && former.modRevision !== previousBrokerEpoch,
    // A clean birth does not make up for an unclean one that the controller may not have acted on.
    formerUncleanEpoch: former === undefined ? -1 : uncleanEpochIn(former),
  };
  const life = writeRecord({ incarnationId: id, inControlledShutdown: false });
  const result = await commitSurely(store, {
    conditions: [
      { key: CLUSTER_KEY, modRevision: cluster?.modRevision ?? 0 },
      { key: liveKey(brokerId), createRevision: 0 },
      { key: registrationKey(brokerId), modRevision: former?.modRevision ?? 0 },
    ],
    operations: [
      { type: 'put', key: registrationKey(brokerId), value: writeRecord(registration) },
      { type: 'put', key: liveKey(brokerId), value: life, leaseId: lease.id },
    ],
  });
  return result.status === 'ok' ? result.revision : undefined;
}

function uncleanEpochIn({ key, value, modRevision }: StoredEntry): number {
  return uncleanEpochOf(readRecord(key, value, registrationFormat), modRevision);
}
