import { type ElectionRules, planElections } from '../core/controller/elections.ts';
import {
  changeTransactions,
  leftoverTransactions,
  sweepTransactions,
  type TransactionSequence,
} from '../core/controller/transactions.ts';
import { type MetadataState, leftoverPartitions, stateFromEntries } from '../core/metadata/apply.ts';
import type { ClusterImage, PartitionImage, TopicImage } from '../core/metadata/image.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { MetadataStore } from '../ports/metadata-store.ts';
import type { Counter, Metrics } from '../ports/metrics.ts';
import { commitInOrder, commitSurely } from './metadata-commit.ts';

export interface MetadataControllerOptions {
  readonly store: MetadataStore;
  readonly brokerId: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Called when the cluster has no controller. */
  readonly standForController: () => Promise<void>;
  /** What a topic's effective configuration says about elections. */
  readonly electionRulesOf: (topic: TopicImage, image: ClusterImage) => ElectionRules;
}

const RETRY_DELAY_MS = 50;
const BIRTH_ATTEMPTS_MAX = 20;

/** What the elected controller does by itself: elections when brokers come and go, sweeping what deletions leave; and its own election. */
export class MetadataController {
  readonly #options: MetadataControllerOptions;
  readonly #possibleLosses: Counter;
  #state: (() => MetadataState | undefined) | undefined;
  #work: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: MetadataControllerOptions) {
    this.#options = options;
    this.#possibleLosses = options.metrics.counter(
      'ks_unclean_elections_total',
      'Leaders elected that were not surely in sync: acknowledged records may be lost.',
    );
  }

  /**
   * Elects leaders for the brokers as the store has them now, if this broker is the controller. Called after registering and
   * before the first image, so that a broker that stands alone serves from its first image on.
   */
  async settleBirths(): Promise<void> {
    for (let attempt = 0; attempt < BIRTH_ATTEMPTS_MAX; attempt++) {
      const { entries, revision } = await this.#options.store.read('');
      const { image } = stateFromEntries(entries, revision);
      if (image.controllerId !== this.#options.brokerId) return;
      if (await this.#elect(image)) return;
    }
    throw new Error('the partitions kept changing while this broker elected their leaders');
  }

  /** Subscriber of the loader, after the replica manager. `state` is the loader's. Never waits for the store. */
  applyImage(previous: ClusterImage | undefined, next: ClusterImage, state: () => MetadataState | undefined): void {
    this.#state = state;
    if (next.controllerId < 0) this.#enqueue(() => this.#options.standForController());
    if (next.controllerId !== this.#options.brokerId) return;
    const isNew = previous?.controllerEpoch !== next.controllerEpoch;
    if (isNew || previous?.brokers !== next.brokers) this.#enqueue(() => this.#electAgain());
    for (const topicId of next.deletions.keys()) {
      if (isNew || !previous?.deletions.has(topicId)) this.#enqueue(() => this.#sweep(topicId));
    }
    const current = state();
    // Only what an earlier controller left: what this one begins comes after this image.
    if (!isNew || current === undefined) return;
    for (const [topicId, partitions] of leftoverPartitions(current)) {
      this.#enqueue(() => this.#sweepLeftovers(topicId, partitions));
    }
  }

  /** Settles when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  #enqueue(task: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#stopped) return;
      try {
        await task();
      } catch (error) {
        if (!this.#stopped) this.#options.logger.error({ error }, 'the controller could not write the metadata');
      }
    });
  }

  /** After a conflict the newer image is waited for. */
  async #electAgain(): Promise<void> {
    for (;;) {
      const image = this.#state?.()?.image;
      if (this.#stopped || image === undefined || image.controllerId !== this.#options.brokerId) return;
      if (await this.#elect(image)) return;
      await this.#pause();
    }
  }

  /** False where some partition had changed meanwhile. */
  async #elect(image: ClusterImage): Promise<boolean> {
    const { store, logger, electionRulesOf } = this.#options;
    const changes = planElections(image, (topic) => electionRulesOf(topic, image));
    if (changes.length === 0) return true;
    const results = await Promise.all(changeTransactions(changes, image).map((each) => commitSurely(store, each)));
    const possibleLosses = changes.filter((change) => change.dataLossPossible).length;
    if (possibleLosses > 0) {
      this.#possibleLosses.add(possibleLosses);
      logger.warn(
        { partitions: possibleLosses },
        'leaders were elected after an unclean stop; records not yet flushed may be lost',
      );
    }
    logger.debug({ partitions: changes.length }, 'leaders elected');
    return results.every((result) => result.status === 'ok');
  }

  #sweep(topicId: string): Promise<void> {
    return this.#untilWritten(({ image, partitions }) => {
      if (!image.deletions.has(topicId)) return [];
      return sweepTransactions(topicId, partitions.get(topicId)?.keys() ?? [], image);
    });
  }

  #sweepLeftovers(topicId: string, found: readonly PartitionImage[]): Promise<void> {
    return this.#untilWritten(({ image, partitions }) => {
      const now = partitions.get(topicId);
      const left = found.filter((each) => now?.get(each.partitionIndex)?.modRevision === each.modRevision);
      return leftoverTransactions(topicId, left, image);
    });
  }

  /** Commits what `plan` makes of the newest state; after a conflict again, while this broker is the controller. */
  async #untilWritten(plan: (state: MetadataState) => TransactionSequence): Promise<void> {
    for (;;) {
      const state = this.#state?.();
      if (this.#stopped || state === undefined || state.image.controllerId !== this.#options.brokerId) return;
      const transactions = plan(state);
      if (transactions.length === 0) return;
      const result = await commitInOrder(this.#options.store, transactions);
      if (result.status === 'ok') return;
      await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.setTimer(RETRY_DELAY_MS, resolve));
  }
}
