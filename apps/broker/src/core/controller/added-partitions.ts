import { ErrorCode } from '@ks/protocol';
import type { ClusterImage, TopicImage } from '../metadata/image.ts';
import type { PartitionRecord } from '../metadata/records.ts';
import type { PlanningRules } from './topics.ts';
import { checkAssignment, newPartition, type Planned, place, type Replicas, refuse } from './new-partitions.ts';

/** New partitions of an existing topic. */
export interface AdditionPlan {
  readonly topic: TopicImage;
  readonly partitions: readonly PartitionRecord[];
}

/** Plans more partitions for a topic: `count` is the new total. `assignments`: replicas of the new ones, null: to be placed. */
export function planAddition(
  spec: { readonly name: string; readonly count: number; readonly assignments: readonly (readonly number[])[] | null },
  image: ClusterImage,
  rules: Pick<PlanningRules, 'placementStart'>,
): Planned<AdditionPlan> {
  const topic = image.topicsByName.get(spec.name);
  if (topic === undefined) return refuse(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, `there is no topic ${spec.name}`);
  const added = spec.count - topic.partitions.length;
  if (added <= 0) {
    return refuse(
      ErrorCode.INVALID_PARTITIONS,
      `the topic ${spec.name} has ${topic.partitions.length} partitions already; ${spec.count} is not more`,
    );
  }
  const factor = topic.partitions[0]?.replicas.length ?? 1;
  const replicas =
    spec.assignments === null
      ? place(added, factor, image, rules.placementStart + topic.partitions.length)
      : addedAssignment(spec.assignments, added, factor, image);
  if (!('replicas' in replicas)) return replicas;
  return { type: 'planned', plan: { topic, partitions: replicas.replicas.map((each) => newPartition(each, image)) } };
}

function addedAssignment(
  assignments: readonly (readonly number[])[],
  added: number,
  factor: number,
  image: ClusterImage,
): Replicas {
  if (assignments.length !== added) {
    return refuse(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `${added} partitions are added, but ${assignments.length} assignments are given`,
    );
  }
  return checkAssignment(assignments, factor, image);
}
