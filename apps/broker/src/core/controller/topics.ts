import { ErrorCode } from '@ks/protocol';
import type { ClusterImage } from '../metadata/image.ts';
import type { PartitionRecord } from '../metadata/records.ts';
import {
  checkAssignment,
  newPartition,
  type Planned,
  place,
  type Refusal,
  type Replicas,
  refuse,
} from './new-partitions.ts';
import { collisionKey, topicNameFault } from './topic-names.ts';

/** The name that Kafka keeps for its own metadata log. */
const CLUSTER_METADATA_TOPIC = '__cluster_metadata';

/** A topic as asked for. */
export interface TopicSpec {
  readonly name: string;
  /** -1: the default. With assignments it must be -1. */
  readonly partitionCount: number;
  /** -1: the default. With assignments it must be -1. */
  readonly replicationFactor: number;
  /** Replicas per partition, chosen by the caller; empty: the controller places them. */
  readonly assignments: readonly { readonly partitionIndex: number; readonly brokerIds: readonly number[] }[];
  readonly configs: readonly { readonly name: string; readonly value: string | null }[];
}

/** What planning needs beside the image. */
export interface PlanningRules {
  readonly defaultPartitionCount: number;
  readonly defaultReplicationFactor: number;
  /** One line that says why a topic may not have this value, or undefined where it may. */
  readonly configFault: (name: string, value: string | null) => string | undefined;
  /** One line that says why the values do not go together, or undefined where they do. */
  readonly jointConfigFault: (configs: ReadonlyMap<string, string>) => string | undefined;
  /** Any whole number from 0: where the round of placement begins. */
  readonly placementStart: number;
}

/** A topic to be written: all keys that creating it needs. */
export interface CreationPlan {
  readonly name: string;
  readonly partitions: readonly PartitionRecord[];
  readonly replicationFactor: number;
  readonly configs: ReadonlyMap<string, string>;
}

/** Plans a new topic. `taken`: names that the same request creates already. */
export function planCreation(
  spec: TopicSpec,
  image: ClusterImage,
  rules: PlanningRules,
  taken: ReadonlySet<string> = new Set(),
): Planned<CreationPlan> {
  const fault = nameRefusal(spec.name, image, taken) ?? configRefusal(spec, rules);
  if (fault !== undefined) return fault;
  const replicas = spec.assignments.length > 0 ? assigned(spec, image) : placed(spec, image, rules);
  if (!('replicas' in replicas)) return replicas;
  const configs = new Map(spec.configs.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const])));
  const joint = rules.jointConfigFault(configs);
  if (joint !== undefined) return refuse(ErrorCode.INVALID_CONFIG, joint);
  const partitions = replicas.replicas.map((each) => newPartition(each, image));
  return {
    type: 'planned',
    plan: { name: spec.name, partitions, replicationFactor: partitions[0]?.replicas.length ?? 0, configs },
  };
}

function nameRefusal(name: string, image: ClusterImage, taken: ReadonlySet<string>): Refusal | undefined {
  const fault = topicNameFault(name);
  if (fault !== undefined) return refuse(ErrorCode.INVALID_TOPIC_EXCEPTION, fault);
  if (name === CLUSTER_METADATA_TOPIC) return refuse(ErrorCode.INVALID_REQUEST, `the topic ${name} cannot be created`);
  if (image.topicsByName.has(name)) return refuse(ErrorCode.TOPIC_ALREADY_EXISTS, `the topic ${name} exists already`);
  const colliding = findCollision(name, image, taken);
  return colliding === undefined
    ? undefined
    : refuse(
        ErrorCode.INVALID_TOPIC_EXCEPTION,
        `the topic ${name} would collide with ${colliding}: "." and "_" count as one`,
      );
}

/** Another topic that differs only in "." and "_". */
function findCollision(name: string, image: ClusterImage, taken: ReadonlySet<string>): string | undefined {
  if (!/[._]/.test(name)) return undefined;
  const key = collisionKey(name);
  const collides = (other: string) => other.length === name.length && other !== name && collisionKey(other) === key;
  for (const other of image.topicsByName.keys()) if (collides(other)) return other;
  for (const other of taken) if (collides(other)) return other;
  return undefined;
}

function configRefusal(spec: TopicSpec, rules: PlanningRules): Refusal | undefined {
  const seen = new Set<string>();
  for (const { name, value } of spec.configs) {
    if (seen.has(name)) return refuse(ErrorCode.INVALID_REQUEST, `the config ${name} is given twice`);
    seen.add(name);
    const fault = rules.configFault(name, value);
    if (fault !== undefined) return refuse(ErrorCode.INVALID_CONFIG, fault);
  }
  return undefined;
}

function placed(spec: TopicSpec, image: ClusterImage, rules: PlanningRules): Replicas {
  const { partitionCount, replicationFactor } = spec;
  if (partitionCount === 0 || partitionCount < -1) {
    return refuse(
      ErrorCode.INVALID_PARTITIONS,
      `the number of partitions must be above 0, or -1 for the default; it is ${partitionCount}`,
    );
  }
  if (replicationFactor === 0 || replicationFactor < -1) {
    return refuse(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `the replication factor must be above 0, or -1 for the default; it is ${replicationFactor}`,
    );
  }
  const count = partitionCount === -1 ? rules.defaultPartitionCount : partitionCount;
  const factor = replicationFactor === -1 ? rules.defaultReplicationFactor : replicationFactor;
  return place(count, factor, image, rules.placementStart);
}

function assigned(spec: TopicSpec, image: ClusterImage): Replicas {
  if (spec.partitionCount !== -1) {
    return refuse(ErrorCode.INVALID_REQUEST, 'with replica assignments the number of partitions must be -1');
  }
  if (spec.replicationFactor !== -1) {
    return refuse(ErrorCode.INVALID_REQUEST, 'with replica assignments the replication factor must be -1');
  }
  const byIndex = new Map(spec.assignments.map((each) => [each.partitionIndex, each.brokerIds]));
  const replicas = Array.from({ length: spec.assignments.length }, (_, index) => byIndex.get(index));
  const complete = replicas.filter((each) => each !== undefined);
  if (complete.length < spec.assignments.length) {
    return refuse(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      'replica assignments must name each partition from 0 on exactly once',
    );
  }
  return checkAssignment(complete, complete[0]?.length ?? 0, image);
}
