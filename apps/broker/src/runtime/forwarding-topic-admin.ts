import { CreateTopics, ErrorCode } from '@ks/protocol';
import type { BrokerConfig } from '../config/broker-config.ts';
import type { TopicSpec } from '../core/controller/topics.ts';
import type { Clock } from '../ports/clock.ts';
import { AskedTopics, defaultSpec } from './asked-topics.ts';
import type { ControllerChannel } from './controller-channel.ts';
import type { MetadataView } from './metadata-loader.ts';
import type { AdminOptions, CreatedTopic, PartitionsSpec, TopicAdmin, TopicResult } from './topic-admin.ts';
import { type InternalTopicName, internalTopicSpec, isInternalTopicName } from './topic-admin-rules.ts';

export interface ForwardingTopicAdminOptions {
  readonly brokerId: number;
  readonly config: BrokerConfig;
  /** What this broker does as the controller. */
  readonly local: TopicAdmin;
  readonly channel: ControllerChannel;
  readonly metadata: MetadataView;
  readonly clock: Clock;
}

/** Longest wait for a topic that the broker itself asks for. */
const TIMEOUT_MS = 30_000;
const LOOK_AGAIN_MS = 20;

/** The topic admin of any broker: topics that the broker itself needs are asked of the controller, wherever that is. */
export class ForwardingTopicAdmin implements TopicAdmin {
  readonly #options: ForwardingTopicAdminOptions;
  readonly #asked: AskedTopics;

  constructor(options: ForwardingTopicAdminOptions) {
    this.#options = options;
    this.#asked = new AskedTopics(options.metadata, (spec) => this.#askController(spec));
  }

  createTopics(topics: readonly TopicSpec[], options: AdminOptions): Promise<readonly CreatedTopic[]> {
    return this.#options.local.createTopics(topics, options);
  }

  deleteTopics(names: readonly string[], options: Pick<AdminOptions, 'timeoutMs'>): Promise<readonly TopicResult[]> {
    return this.#options.local.deleteTopics(names, options);
  }

  createPartitions(topics: readonly PartitionsSpec[], options: AdminOptions): Promise<readonly TopicResult[]> {
    return this.#options.local.createPartitions(topics, options);
  }

  autoCreateTopic(name: string): Promise<CreatedTopic> {
    if (isInternalTopicName(name)) return this.ensureInternalTopic(name);
    const { channel, local } = this.#options;
    if (channel.isHere) return local.autoCreateTopic(name);
    return this.#asked.ask(defaultSpec(name));
  }

  ensureInternalTopic(name: InternalTopicName): Promise<CreatedTopic> {
    const { channel, local, config, metadata } = this.#options;
    if (channel.isHere) return local.ensureInternalTopic(name);
    return this.#asked.ask(internalTopicSpec(name, config, metadata.image()));
  }

  async #askController(spec: TopicSpec): Promise<CreatedTopic> {
    const { brokerId, channel, clock } = this.#options;
    const { name, partitionCount: numPartitions, replicationFactor, assignments, configs } = spec;
    const deadlineMs = clock.monotonicMs() + TIMEOUT_MS;
    const topics = [{ name, numPartitions, replicationFactor, assignments, configs }];
    const request = { topics, timeoutMs: TIMEOUT_MS, validateOnly: false };
    const answer = await channel.ask(CreateTopics, request, {
      apiVersion: CreateTopics.versions.max,
      caller: { brokerId, principal: null, listenerName: '', host: '', clientId: null },
      timeoutMs: TIMEOUT_MS,
    });
    const created = answer?.topics[0];
    if (created === undefined) return failed(name, ErrorCode.NOT_CONTROLLER, 'the controller cannot be asked now');
    const { errorCode, errorMessage } = created;
    const isThere = errorCode === ErrorCode.NONE || errorCode === ErrorCode.TOPIC_ALREADY_EXISTS;
    if (!isThere) return failed(name, errorCode, errorMessage);
    return (await this.#seen(name, deadlineMs)) ?? failed(name, ErrorCode.REQUEST_TIMED_OUT, 'not in force here yet');
  }

  /** The topic as soon as this broker's own image has it. */
  async #seen(name: string, deadlineMs: number): Promise<CreatedTopic | undefined> {
    const { clock } = this.#options;
    for (;;) {
      const topic = this.#asked.existing(name);
      if (topic !== undefined || clock.monotonicMs() >= deadlineMs) return topic;
      await new Promise<void>((resolve) => clock.setTimer(LOOK_AGAIN_MS, resolve));
    }
  }
}

function failed(name: string, errorCode: number, errorMessage: string | null): CreatedTopic {
  return { name, topicId: '', errorCode, errorMessage, partitionCount: -1, replicationFactor: -1 };
}
