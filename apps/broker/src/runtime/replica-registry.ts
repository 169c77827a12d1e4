import { ErrorCode, ZERO_UUID } from '@ks/protocol';
import type { ClusterImage } from '../core/metadata/image.ts';
import type { Log } from '../storage/log.ts';
import type { HostedReplica } from './hosted-replica.ts';
import type { LeaderIdAndEpoch, PartitionKey } from './replica-manager.ts';

/** Why this broker does not serve a partition. */
export interface PartitionRefusal {
  readonly errorCode: number;
  readonly currentLeader: LeaderIdAndEpoch | undefined;
}

export type Located =
  | { readonly replica: HostedReplica; readonly refusal?: undefined }
  | { readonly replica?: undefined; readonly refusal: PartitionRefusal };

/** The replicas of this broker by topic and partition, and what the image in force says of those it lacks. */
export class ReplicaRegistry {
  readonly #byTopic = new Map<string, Map<number, HostedReplica>>();
  readonly #byLog = new Map<Log, HostedReplica>();
  /** Partitions whose log could not be made or opened: `topic/partition`. */
  readonly #unavailable = new Set<string>();
  /** The image in force. */
  image: ClusterImage | undefined;

  add(replica: HostedReplica): void {
    let partitions = this.#byTopic.get(replica.topic);
    if (partitions === undefined) {
      partitions = new Map();
      this.#byTopic.set(replica.topic, partitions);
    }
    partitions.set(replica.partitionIndex, replica);
    this.#byLog.set(replica.log, replica);
    this.#unavailable.delete(`${replica.topic}/${replica.partitionIndex}`);
  }

  remove(replica: HostedReplica): void {
    const partitions = this.#byTopic.get(replica.topic);
    partitions?.delete(replica.partitionIndex);
    if (partitions?.size === 0) this.#byTopic.delete(replica.topic);
    this.#byLog.delete(replica.log);
  }

  /** Notes that the partition belongs here but has no log to serve it from. */
  markUnavailable(topic: string, partitionIndex: number): void {
    this.#unavailable.add(`${topic}/${partitionIndex}`);
  }

  /** Forgets such notes for a topic that is gone or has been made anew. */
  clearUnavailable(topic: string, partitionIndex: number): void {
    this.#unavailable.delete(`${topic}/${partitionIndex}`);
  }

  /** Partitions that belong here but have no log to serve them from. */
  get unavailableCount(): number {
    return this.#unavailable.size;
  }

  isUnavailable(topic: string, partitionIndex: number): boolean {
    return this.#unavailable.has(`${topic}/${partitionIndex}`);
  }

  get(topic: string, partitionIndex: number): HostedReplica | undefined {
    return this.#byTopic.get(topic)?.get(partitionIndex);
  }

  ofLog(log: Log): HostedReplica | undefined {
    return this.#byLog.get(log);
  }

  ofTopic(topic: string): Iterable<HostedReplica> {
    return this.#byTopic.get(topic)?.values() ?? [];
  }

  all(): Iterable<HostedReplica> {
    return this.#byLog.values();
  }

  /** The replica that leads the partition (or follows its leader, where that is as good), or why this broker cannot answer for it. */
  locateLeader(key: PartitionKey, isFollowerWelcome = false): Located {
    const replica = this.get(key.topic, key.partitionIndex);
    if (replica === undefined) return { refusal: this.#refusalOfUnhosted(key) };
    if (key.topicId !== ZERO_UUID && key.topicId !== replica.topicId) {
      return { refusal: { errorCode: ErrorCode.INCONSISTENT_TOPIC_ID, currentLeader: undefined } };
    }
    const errorCode = isFollowerWelcome ? replica.readRefusal : replica.refusal;
    if (errorCode === ErrorCode.NONE) return { replica };
    return { refusal: { errorCode, currentLeader: replica.currentLeader } };
  }

  #refusalOfUnhosted(key: PartitionKey): PartitionRefusal {
    if (this.isUnavailable(key.topic, key.partitionIndex)) {
      return { errorCode: ErrorCode.KAFKA_STORAGE_ERROR, currentLeader: undefined };
    }
    const partition = this.image?.topicsByName.get(key.topic)?.partitions[key.partitionIndex];
    if (partition === undefined) return { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, currentLeader: undefined };
    const { leader, leaderEpoch } = partition;
    return { errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, currentLeader: { leaderId: leader, leaderEpoch } };
  }
}
