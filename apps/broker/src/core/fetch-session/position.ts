/** Where a reader stands in one partition, as its Fetch request says. */
export interface FetchPosition {
  /** Empty where the request names topics by id. */
  readonly topic: string;
  /** The zero UUID where the request names topics by name. */
  readonly topicId: string;
  readonly partitionIndex: number;
  /** -1: not to be checked. */
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  /** Epoch of the last record the reader has, -1 where it does not say (KIP-595). */
  readonly lastFetchedEpoch: number;
  readonly partitionMaxBytes: number;
  /** Of a follower: where its log starts; -1 where it does not say. */
  readonly logStartOffset?: number;
  /** Of a follower: what it knows to be committed; unknown where it does not say. */
  readonly highWatermark?: number;
}

/** What a session needs to know of a partition's answer. */
export interface PartitionAnswer {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  /** Bytes of records. */
  readonly sizeBytes: number;
  readonly divergingEpoch: object | undefined;
  /** -1: the reader is not sent elsewhere. */
  readonly preferredReadReplica?: number;
  /**
   * Whether the same question would get the same answer now, so that it need not be asked; undefined where that is not known. Given
   * only by answers without records and without an error.
   */
  readonly stillHolds?: ((nowMs: number) => boolean) | undefined;
}

/** A partition that a reader wants to be told of no more. */
export interface ForgottenPartition {
  readonly topic: string;
  readonly topicId: string;
  readonly partitionIndex: number;
}

/** Tells partitions apart: the id and the name of a topic are never both set. */
export function partitionKey({ topic, topicId, partitionIndex }: ForgottenPartition): string {
  return `${topicId}${topic}/${partitionIndex}`;
}
