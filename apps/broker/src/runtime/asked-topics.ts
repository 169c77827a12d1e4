import { ErrorCode } from '@ks/protocol';
import type { TopicSpec } from '../core/controller/topics.ts';
import type { MetadataView } from './metadata-loader.ts';
import type { CreatedTopic } from './topic-admin.ts';

/** Topics that the broker itself asks for: those that are there are answered at once, one creation serves all who ask at the same time. */
export class AskedTopics {
  readonly #metadata: MetadataView;
  readonly #create: (spec: TopicSpec) => Promise<CreatedTopic>;
  readonly #underWay = new Map<string, Promise<CreatedTopic>>();

  constructor(metadata: MetadataView, create: (spec: TopicSpec) => Promise<CreatedTopic>) {
    this.#metadata = metadata;
    this.#create = create;
  }

  ask(spec: TopicSpec): Promise<CreatedTopic> {
    const existing = this.existing(spec.name);
    if (existing !== undefined) return Promise.resolve(existing);
    const underWay = this.#underWay.get(spec.name);
    if (underWay !== undefined) return underWay;
    const creation = this.#create(spec).finally(() => this.#underWay.delete(spec.name));
    this.#underWay.set(spec.name, creation);
    return creation;
  }

  /** The topic as the image in force has it. */
  existing(name: string): CreatedTopic | undefined {
    const topic = this.#metadata.image().topicsByName.get(name);
    if (topic === undefined) return undefined;
    const { topicId, partitions } = topic;
    const shape = { partitionCount: partitions.length, replicationFactor: partitions[0]?.replicas.length ?? -1 };
    return { name, topicId, errorCode: ErrorCode.NONE, errorMessage: null, ...shape };
  }
}

/** A topic of which nothing is said but its name: as many partitions and replicas as the cluster's defaults. */
export function defaultSpec(name: string): TopicSpec {
  return { name, partitionCount: -1, replicationFactor: -1, assignments: [], configs: [] };
}
