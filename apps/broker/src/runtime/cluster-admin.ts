import { ErrorCode } from '@ks/protocol';
import { type FeatureUpdate, featureFault, updatedFeatures } from '../core/controller/feature-changes.ts';
import { type ElectionType, type PartitionDecision, planLeaderElection } from '../core/controller/leader-changes.ts';
import type { TopicPartition } from '../core/controller/leader-changes.ts';
import { planReassignment, type Reassignment } from '../core/controller/reassignments.ts';
import { changeTransactions, featuresTransaction } from '../core/controller/transactions.ts';
import { planUnregistration } from '../core/controller/unregistration.ts';
import { supportedFeatures } from '../core/metadata/features.ts';
import type { ClusterImage } from '../core/metadata/image.ts';
import { type ChangeServices, changeTopic } from './topic-admin-change.ts';
import type { AdminOptions } from './topic-admin.ts';

export type { ElectionType, FeatureUpdate, Reassignment, TopicPartition };

/** What became of one partition or feature. */
export interface AdminResult {
  /** A Kafka error code, 0 for none. */
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** Changes who leads and who holds partitions, and the cluster's features. Nothing here rejects for a reason a client can cause. */
export interface ClusterAdmin {
  /** One result per partition, in order. */
  electLeaders(
    partitions: readonly TopicPartition[],
    type: ElectionType,
    options: Pick<AdminOptions, 'timeoutMs'>,
  ): Promise<readonly AdminResult[]>;
  /** One result per partition, in order. */
  reassign(
    partitions: readonly Reassignment[],
    options: { readonly timeoutMs: number; readonly mayChangeFactor: boolean },
  ): Promise<readonly AdminResult[]>;
  /** Forgets a broker that has stopped and holds no replicas. */
  unregister(brokerId: number, options: Pick<AdminOptions, 'timeoutMs'>): Promise<AdminResult>;
  /** All of the updates or, where one is refused, none. One result per update, in order. */
  updateFeatures(updates: readonly FeatureUpdate[], options: AdminOptions): Promise<readonly AdminResult[]>;
}

/** Partitions changed by one transaction: with their leaders they stay within what a store takes. */
const PARTITIONS_AT_A_TIME = 40;
const NONE: AdminResult = { errorCode: ErrorCode.NONE, errorMessage: null };

/** The cluster admin of the broker that is the controller; on any other it answers NOT_CONTROLLER. */
export class ControllerClusterAdmin implements ClusterAdmin {
  readonly #services: ChangeServices;
  /** One change of features after the other. */
  #features: Promise<unknown> = Promise.resolve();

  constructor(services: ChangeServices) {
    this.#services = services;
  }

  electLeaders(
    partitions: readonly TopicPartition[],
    type: ElectionType,
    { timeoutMs }: Pick<AdminOptions, 'timeoutMs'>,
  ): Promise<readonly AdminResult[]> {
    return this.#decideAll(partitions, timeoutMs, (each, image) => planLeaderElection(each, type, image));
  }

  reassign(
    partitions: readonly Reassignment[],
    { timeoutMs, mayChangeFactor }: { readonly timeoutMs: number; readonly mayChangeFactor: boolean },
  ): Promise<readonly AdminResult[]> {
    return this.#decideAll(partitions, timeoutMs, (each, image) => planReassignment(each, image, mayChangeFactor));
  }

  async unregister(brokerId: number, { timeoutMs }: Pick<AdminOptions, 'timeoutMs'>): Promise<AdminResult> {
    const options = { timeoutMs, validateOnly: false };
    const { errorCode, errorMessage } = await changeTopic(this.#services, options, (image) => {
      const planned = planUnregistration(brokerId, image);
      if (planned.type === 'refused') return planned;
      return { type: 'write', topicId: '', transactions: [planned.plan], extra: undefined };
    });
    return { errorCode, errorMessage };
  }

  updateFeatures(updates: readonly FeatureUpdate[], options: AdminOptions): Promise<readonly AdminResult[]> {
    const turn = this.#features.then(() => this.#updateFeatures(updates, options));
    this.#features = turn;
    return turn;
  }

  async #updateFeatures(updates: readonly FeatureUpdate[], options: AdminOptions): Promise<readonly AdminResult[]> {
    const outcome = await changeTopic<readonly AdminResult[]>(this.#services, options, (image) => {
      const extra = updates.map((update): AdminResult => {
        const fault = featureFault(update, image.features, supportedFeatures, image.brokers.values());
        return fault === undefined ? NONE : { errorCode: fault.errorCode, errorMessage: fault.message };
      });
      const isRefused = extra.some(({ errorCode }) => errorCode !== ErrorCode.NONE);
      const features = updatedFeatures(image.features, updates);
      const transactions = isRefused ? [] : [featuresTransaction(features, image)];
      return { type: 'write', topicId: '', transactions, extra };
    });
    return outcome.extra ?? updates.map(() => outcome);
  }

  async #decideAll<P extends TopicPartition>(
    partitions: readonly P[],
    timeoutMs: number,
    decide: (partition: P, image: ClusterImage) => PartitionDecision,
  ): Promise<readonly AdminResult[]> {
    const groups: P[][] = [];
    for (let from = 0; from < partitions.length; from += PARTITIONS_AT_A_TIME) {
      groups.push(partitions.slice(from, from + PARTITIONS_AT_A_TIME));
    }
    const results = await Promise.all(groups.map((group) => this.#decideGroup(group, timeoutMs, decide)));
    return results.flat();
  }

  async #decideGroup<P extends TopicPartition>(
    group: readonly P[],
    timeoutMs: number,
    decide: (partition: P, image: ClusterImage) => PartitionDecision,
  ): Promise<readonly AdminResult[]> {
    const options = { timeoutMs, validateOnly: false };
    const outcome = await changeTopic<readonly AdminResult[]>(this.#services, options, (image) => {
      const decisions = group.map((each) => decide(each, image));
      const changes = decisions.flatMap((each) => (each.type === 'change' ? [each.change] : []));
      return {
        type: 'write',
        topicId: '',
        transactions: changeTransactions(changes, image),
        extra: decisions.map((each) =>
          each.type === 'refused' ? { errorCode: each.errorCode, errorMessage: each.message } : NONE,
        ),
      };
    });
    return outcome.extra ?? group.map(() => outcome);
  }
}
