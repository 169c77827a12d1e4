import { ErrorCode, Fetch, ListOffsets } from '@ks/protocol';
import { checkFetched } from '../../history/fetched-records.ts';
import type { PartitionHistory } from '../../history/partition-history.ts';
import { choose } from '../../workload/actor.ts';
import type { ClusterClient, LeaderConnection } from '../cluster-client.ts';
import { anyPartition, type ClusterStage, keepBusy } from './cluster-stage.ts';

const TOPIC_IDS_SINCE = 13;
/** Since when a fetch may tell a rack, and be sent to a replica there (KIP-392). */
const RACKS_SINCE = 11;
const READ_COMMITTED = 1;
const LATEST = -1;

/** A program that reads partitions on and on, from leaders or from followers near it. */
export function consumeFromCluster(stage: ClusterStage, client: ClusterClient): Promise<void> {
  const consumer = new ClusterConsumer(stage, client);
  return keepBusy(stage, async () => {
    const partition = anyPartition(stage);
    if (partition === undefined) return;
    if (stage.random.chance(0.1)) await consumer.lookAtEnd(partition);
    else await consumer.read(partition);
  });
}

export class ClusterConsumer {
  readonly #stage: ClusterStage;
  readonly #client: ClusterClient;
  readonly #rack: string;
  readonly #positions = new Map<PartitionHistory, number>();
  /** What "latest" was, as this client was told: it never goes back. */
  readonly #ends = new Map<PartitionHistory, number>();
  /** The follower that a leader has sent this client to. */
  readonly #preferred = new Map<PartitionHistory, number>();

  constructor(stage: ClusterStage, client: ClusterClient) {
    this.#stage = stage;
    this.#client = client;
    this.#rack = stage.random.chance(0.4) ? (stage.racks[stage.random.int(stage.racks.length)] ?? '') : '';
  }

  positionOf(partition: PartitionHistory): number {
    return this.#positions.get(partition) ?? 0;
  }

  /** Where the leader says that the log ends; undefined where it does not say. */
  async lookAtEnd(partition: PartitionHistory, isolationLevel = 0): Promise<number | undefined> {
    const leader = await this.#client.leaderOf(partition);
    const version = leader?.client.version(ListOffsets, 4);
    if (leader === undefined || version === undefined) return this.#lost();
    const { topic, index } = partition;
    const floor = this.#ends.get(partition) ?? 0;
    const asked = { partitionIndex: index, currentLeaderEpoch: leader.leaderEpoch, timestamp: LATEST };
    const body = { replicaId: -1, isolationLevel, topics: [{ name: topic, partitions: [asked] }] };
    const answer = await this.#client.within(leader.client, () => leader.client.request(ListOffsets, version, body));
    const told = answer?.topics[0]?.partitions[0];
    this.#stage.history.count(`list offsets: ${told?.errorCode}`);
    if (told === undefined || told.errorCode !== 0) return this.#lost();
    if (isolationLevel !== 0) return told.offset;
    if (told.offset < floor) {
      this.#stage.history.violate(
        `${partition.name}: ${this.#client.name} was told that it ends at ${floor}, then at ${told.offset}`,
      );
    }
    this.#ends.set(partition, Math.max(told.offset, this.#ends.get(partition) ?? 0));
    partition.toldHighWatermark(told.offset, 0, 0);
    return told.offset;
  }

  /** One fetch, from where it was or from anywhere. @param isAudit from the leader, all records */
  async read(partition: PartitionHistory, isAudit = false): Promise<void> {
    const { random, history } = this.#stage;
    const preferred = isAudit ? undefined : this.#preferred.get(partition);
    const isFollower = preferred !== undefined;
    const leader = isFollower ? await this.#follower(partition, preferred) : await this.#client.leaderOf(partition);
    const version = leader?.client.version(Fetch, isFollower ? RACKS_SINCE : 9);
    if (leader === undefined || version === undefined) return void this.#lost(partition);
    if (!isAudit && random.chance(0.1)) this.#positions.set(partition, random.int(partition.highWatermark + 1));
    const fetchOffset = this.positionOf(partition);
    const isolationLevel = !isAudit && random.chance(0.5) ? READ_COMMITTED : 0;
    const body = this.#requestFor(partition, leader, { version, fetchOffset, isolationLevel, isAudit });
    const answer = await this.#client.within(leader.client, () => leader.client.request(Fetch, version, body));
    const told = answer?.responses[0]?.partitions[0];
    history.count(`fetch${isFollower ? ' from a follower' : ''}: ${told?.errorCode ?? answer?.errorCode}`);
    if (told === undefined) return void this.#lost(partition);
    const { errorCode, highWatermark, lastStableOffset, preferredReadReplica } = told;
    const where = `${this.#client.name} reads ${partition.name}@${fetchOffset} of ${leader.brokerId}`;
    this.#stage.note(`${where}: error ${errorCode} hw ${highWatermark} ${told.records?.length ?? 0} bytes`);
    if (errorCode !== 0) {
      if (errorCode === ErrorCode.OFFSET_OUT_OF_RANGE && !isFollower) this.#outOfRange(partition, fetchOffset);
      return void this.#lost(partition);
    }
    if (preferredReadReplica >= 0) return void this.#preferred.set(partition, preferredReadReplica);
    if (!isFollower) partition.toldHighWatermark(highWatermark, 0, 0);
    const isCommitted = isolationLevel === READ_COMMITTED;
    const next = await checkFetched(this.#stage, partition, {
      ...{ life: 0, fetchOffset, end: isCommitted ? lastStableOffset : highWatermark },
      ...{ aborted: isCommitted ? (told.abortedTransactions ?? []) : undefined, records: told.records },
    });
    this.#positions.set(partition, next);
  }

  #requestFor(
    { topic, topicId, index }: PartitionHistory,
    { leaderEpoch }: LeaderConnection,
    how: {
      readonly version: number;
      readonly fetchOffset: number;
      readonly isolationLevel: number;
      readonly isAudit: boolean;
    },
  ) {
    const { random } = this.#stage;
    const { version, fetchOffset, isolationLevel, isAudit } = how;
    const maxBytes = isAudit || random.chance(0.6) ? 1_000_000 : 1 + random.int(5000);
    const partitions = [
      { partition: index, currentLeaderEpoch: leaderEpoch, fetchOffset, partitionMaxBytes: maxBytes },
    ];
    return {
      maxWaitMs: isAudit ? 0 : choose(random, [[2, 0] as const, [3, random.int(500)] as const]),
      ...{ minBytes: 1, maxBytes, isolationLevel, forgottenTopicsData: [] },
      ...(version >= RACKS_SINCE && !isAudit ? { rackId: this.#rack } : {}),
      topics: [{ ...(version >= TOPIC_IDS_SINCE ? { topicId, topic: '' } : { topic }), partitions }],
    };
  }

  async #follower(partition: PartitionHistory, brokerId: number): Promise<LeaderConnection | undefined> {
    // Followers are left now and then, as clients do when they refresh their metadata.
    if (this.#stage.random.chance(0.1)) this.#preferred.delete(partition);
    const leaderEpoch = this.#client.leaderEpochOf(partition);
    const client = await this.#client.to(brokerId);
    return client && { client, brokerId, leaderEpoch };
  }

  /** What this client was given by a leader, and asks the leader of the same epoch or of a later one for, is in the log. */
  #outOfRange(partition: PartitionHistory, fetchOffset: number): void {
    const known = this.#ends.get(partition) ?? 0;
    if (fetchOffset > known) return;
    this.#stage.history.violate(
      `${partition.name}: ${fetchOffset} is out of range, but ${this.#client.name} was told that it ends at ${known}`,
    );
  }

  #lost(partition?: PartitionHistory): undefined {
    if (partition !== undefined) this.#preferred.delete(partition);
    this.#client.forget();
  }
}
