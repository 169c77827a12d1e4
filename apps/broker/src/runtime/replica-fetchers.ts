import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { BrokerChannels } from './broker-channels.ts';
import { FetcherLane, type ReplicaFetchLimits } from './fetcher-lane.ts';
import { FollowedPartition } from './followed-partition.ts';
import type { HostedReplica } from './hosted-replica.ts';
import type { ReplicationThrottle } from './replication-throttle.ts';

export interface ReplicaFetchersOptions {
  readonly brokerId: number;
  readonly brokerEpoch: () => number | undefined;
  readonly channels: BrokerChannels;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: ReplicaFetchLimits;
  readonly throttle: ReplicationThrottle;
  /** Whether the topic names this broker's replica for throttling. */
  readonly isThrottled: (replica: HostedReplica) => boolean;
}

interface Placed {
  readonly lane: FetcherLane;
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

/** Keeps every replica that follows on a lane to its leader: a few lanes for each leader, however many partitions. */
export class ReplicaFetchers {
  readonly #options: ReplicaFetchersOptions;
  readonly #lanes = new Map<string, FetcherLane>();
  readonly #placed = new Map<HostedReplica, Placed>();
  #isStopped = false;

  constructor(options: ReplicaFetchersOptions) {
    this.#options = options;
  }

  /** Partitions that are fetched for. */
  get followedCount(): number {
    return this.#placed.size;
  }

  /** The replica follows another leader, another epoch, or nobody any more. */
  update(replica: HostedReplica): void {
    const { leaderId, leaderEpoch } = replica.currentLeader;
    const follows = !this.#isStopped && replica.isOpen && !replica.isLeader && leaderId >= 0;
    const before = this.#placed.get(replica);
    if (follows && before?.leaderId === leaderId && before.leaderEpoch === leaderEpoch) return;
    if (before !== undefined) {
      before.lane.drop(replica);
      this.#placed.delete(replica);
    }
    if (!follows) return;
    const lane = this.#laneTo(leaderId, replica);
    this.#placed.set(replica, { lane, leaderId, leaderEpoch });
    const { logger, limits } = this.#options;
    const { backoffMs: pauseMaxMs, partitionMaxBytes } = limits;
    lane.follow(new FollowedPartition(replica, { logger, pauseMaxMs, partitionMaxBytes }));
  }

  /** Ends all fetching; settles when nothing is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#placed.clear();
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()));
  }

  #laneTo(leaderId: number, { topicId, partitionIndex }: HostedReplica): FetcherLane {
    const { limits, ...shared } = this.#options;
    const index = (hashOf(topicId) + partitionIndex) % limits.lanesPerLeader;
    const key = `${leaderId}/${index}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = new FetcherLane({ ...shared, limits, leaderId, lane: `fetcher-${index}` });
      this.#lanes.set(key, lane);
    }
    return lane;
  }
}

/** Spreads topics over lanes; a topic's partitions follow each other. */
function hashOf(topicId: string): number {
  let hash = 0;
  for (let index = 0; index < topicId.length; index++) hash = (hash * 31 + topicId.charCodeAt(index)) >>> 0;
  return hash % 1_000_003;
}
