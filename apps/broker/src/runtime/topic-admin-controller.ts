import { ErrorCode, ZERO_UUID } from '@ks/protocol';
import type { BrokerConfig } from '../config/broker-config.ts';
import { planAddition } from '../core/controller/added-partitions.ts';
import { PARTITIONS_PER_REQUEST_MAX, type Refusal, refuse } from '../core/controller/new-partitions.ts';
import { type CreationPlan, planCreation, type TopicSpec } from '../core/controller/topics.ts';
import { additionTransactions, creationTransactions, deletionTransaction } from '../core/controller/transactions.ts';
import type { Random } from '../ports/random.ts';
import { AskedTopics, defaultSpec } from './asked-topics.ts';
import { type ChangeServices, changeTopic } from './topic-admin-change.ts';
import type { AdminOptions, CreatedTopic, PartitionsSpec, TopicAdmin, TopicResult } from './topic-admin.ts';
import { type InternalTopicName, internalTopicSpec, isInternalTopicName, planningRules } from './topic-admin-rules.ts';

export interface ControllerTopicAdminOptions extends ChangeServices {
  readonly config: BrokerConfig;
  readonly random: Random;
}

/** Longest wait of a creation that no client gave a time-out for. */
const AUTO_CREATE_TIMEOUT_MS = 30_000;
/** The topic admin of the broker that is the controller; on any other it answers NOT_CONTROLLER. */
export class ControllerTopicAdmin implements TopicAdmin {
  readonly #options: ControllerTopicAdminOptions;
  /** Topics whose creation is under way: they collide with new ones before any image shows them. */
  readonly #creating = new Set<string>();
  readonly #asked: AskedTopics;

  constructor(options: ControllerTopicAdminOptions) {
    this.#options = options;
    this.#asked = new AskedTopics(options.metadata, (spec) => this.#autoCreate(spec));
  }

  async createTopics(topics: readonly TopicSpec[], options: AdminOptions): Promise<readonly CreatedTopic[]> {
    const budget = new PartitionBudget();
    return Promise.all(topics.map((spec) => this.#create(spec, options, budget)));
  }

  async deleteTopics(
    names: readonly string[],
    options: Pick<AdminOptions, 'timeoutMs'>,
  ): Promise<readonly TopicResult[]> {
    return Promise.all(
      names.map(async (name) => {
        const outcome = await changeTopic(this.#options, { ...options, validateOnly: false }, (image) => {
          const topic = image.topicsByName.get(name);
          if (topic === undefined) {
            return {
              type: 'refused',
              errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
              message: `there is no topic ${name}`,
            };
          }
          return {
            type: 'write',
            topicId: topic.topicId,
            transactions: [deletionTransaction(topic, image)],
            extra: undefined,
          };
        });
        return { name, topicId: outcome.topicId, errorCode: outcome.errorCode, errorMessage: outcome.errorMessage };
      }),
    );
  }

  async createPartitions(topics: readonly PartitionsSpec[], options: AdminOptions): Promise<readonly TopicResult[]> {
    const budget = new PartitionBudget();
    return Promise.all(
      topics.map(async (spec) => {
        const outcome = await changeTopic(this.#options, options, (image) => {
          const planned = planAddition(spec, image, this.#rules());
          if (planned.type === 'refused') return planned;
          const excess = budget.take(spec.name, planned.plan.partitions.length);
          if (excess !== undefined) return excess;
          const { topicId } = planned.plan.topic;
          return { type: 'write', topicId, transactions: additionTransactions(planned.plan, image), extra: undefined };
        });
        return {
          name: spec.name,
          topicId: outcome.topicId,
          errorCode: outcome.errorCode,
          errorMessage: outcome.errorMessage,
        };
      }),
    );
  }

  autoCreateTopic(name: string): Promise<CreatedTopic> {
    if (isInternalTopicName(name)) return this.ensureInternalTopic(name);
    return this.#asked.ask(defaultSpec(name));
  }

  ensureInternalTopic(name: InternalTopicName): Promise<CreatedTopic> {
    return this.#asked.ask(internalTopicSpec(name, this.#options.config, this.#options.metadata.image()));
  }

  async #autoCreate(spec: TopicSpec): Promise<CreatedTopic> {
    const created = await this.#create(
      spec,
      { timeoutMs: AUTO_CREATE_TIMEOUT_MS, validateOnly: false },
      new PartitionBudget(),
    );
    return (created.errorCode === ErrorCode.TOPIC_ALREADY_EXISTS && this.#asked.existing(spec.name)) || created;
  }

  async #create(spec: TopicSpec, options: AdminOptions, budget: PartitionBudget): Promise<CreatedTopic> {
    const { random } = this.#options;
    const outcome = await changeTopic<CreationPlan>(this.#options, options, (image) => {
      const others = new Set([...this.#creating].filter((name) => name !== spec.name));
      const planned = planCreation(spec, image, this.#rules(), others);
      if (planned.type === 'refused') return planned;
      const excess = budget.take(spec.name, planned.plan.partitions.length);
      if (excess !== undefined) return excess;
      this.#creating.add(spec.name);
      const topicId = random.uuid();
      return {
        type: 'write',
        topicId,
        transactions: creationTransactions(planned.plan, topicId, image),
        extra: planned.plan,
      };
    });
    this.#creating.delete(spec.name);
    const { extra: plan, errorCode, errorMessage } = outcome;
    const shape = { partitionCount: plan?.partitions.length ?? -1, replicationFactor: plan?.replicationFactor ?? -1 };
    return {
      name: spec.name,
      topicId: options.validateOnly ? ZERO_UUID : outcome.topicId,
      errorCode,
      errorMessage,
      ...shape,
    };
  }

  #rules() {
    return planningRules(this.#options.config, this.#options.random.int(1 << 20));
  }
}

/** What one request may create. A topic that is decided anew after a conflict is counted once. */
class PartitionBudget {
  readonly #taken = new Map<string, number>();

  take(topic: string, partitions: number): Refusal | undefined {
    this.#taken.set(topic, partitions);
    let total = 0;
    for (const count of this.#taken.values()) total += count;
    if (total <= PARTITIONS_PER_REQUEST_MAX) return undefined;
    this.#taken.delete(topic);
    return refuse(ErrorCode.POLICY_VIOLATION, `one request may create ${PARTITIONS_PER_REQUEST_MAX} partitions`);
  }
}
