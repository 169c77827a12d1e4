import type { TopicSpec } from '../core/controller/topics.ts';
import type { InternalTopicName } from './topic-admin-rules.ts';

export type { TopicSpec };

/** What became of one topic of a request. */
export interface TopicResult {
  readonly name: string;
  /** The zero UUID where there is none. */
  readonly topicId: string;
  /** A Kafka error code, 0 for none. */
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface CreatedTopic extends TopicResult {
  /** -1 where the topic was not created. */
  readonly partitionCount: number;
  readonly replicationFactor: number;
}

/** How an administrative request is to be done. */
export interface AdminOptions {
  /** How long to wait until the change is in force. When it has passed, the answer is REQUEST_TIMED_OUT; the change may still come. */
  readonly timeoutMs: number;
  /** Only say what would become of it. */
  readonly validateOnly: boolean;
}

/** New total of a topic's partitions; `assignments` names the replicas of the new ones, null: the controller places them. */
export interface PartitionsSpec {
  readonly name: string;
  readonly count: number;
  readonly assignments: readonly (readonly number[])[] | null;
}

/**
 * Changes topics. Each answer comes when the change is stored, this broker's image shows it and the replica manager has put it
 * in force, so that a client which produces right after it succeeds. Nothing here rejects for a reason a client can cause.
 */
export interface TopicAdmin {
  /** One result per topic, in order; a refused topic does not stop the others. */
  createTopics(topics: readonly TopicSpec[], options: AdminOptions): Promise<readonly CreatedTopic[]>;
  /** Names must exist in this broker's image; the caller resolves ids and answers what is unknown. */
  deleteTopics(names: readonly string[], options: Pick<AdminOptions, 'timeoutMs'>): Promise<readonly TopicResult[]>;
  createPartitions(topics: readonly PartitionsSpec[], options: AdminOptions): Promise<readonly TopicResult[]>;
  /** Creates a topic with the broker's defaults because a client asked for it. Concurrent requests for one topic share one creation;
   * a topic that exists by then is no error. */
  autoCreateTopic(name: string): Promise<CreatedTopic>;
  /** Like `autoCreateTopic`, for a topic that the broker writes itself, with the partitions and configuration it must have. */
  ensureInternalTopic(name: InternalTopicName): Promise<CreatedTopic>;
}
