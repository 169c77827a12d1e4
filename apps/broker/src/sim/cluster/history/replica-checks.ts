import type { PartitionHistory } from '../../history/partition-history.ts';
import type { HostedPartition } from '../../../runtime/replica-manager.ts';
import type { ClusterWorld } from '../cluster-world.ts';
import { hostedBy, isTrusted, storedPartitions, type StoredPartition } from './cluster-state.ts';

/** Looks into the brokers as no client could, and holds them to what must be true at every moment. */
export class ReplicaChecks {
  readonly #world: ClusterWorld;
  /** By life, partition and leader epoch. */
  readonly #watermarks = new Map<string, number>();
  /** Who led, by partition and leader epoch. */
  readonly #leaders = new Map<string, string>();
  readonly #histories = new Map<string, PartitionHistory>();

  constructor(world: ClusterWorld) {
    this.#world = world;
  }

  check(): void {
    const partitions = storedPartitions(this.#world);
    for (const machine of this.#world.machines) {
      const hostedHere = hostedBy(machine);
      const who = `${machine.host} life ${machine.life?.number}`;
      for (const stored of partitions) {
        const hosted = hostedHere.get(`${stored.topicId} ${stored.index}`);
        if (hosted === undefined || !hosted.isOpen) continue;
        const known = this.#historyOf(stored);
        this.#checkWatermark(hosted, who);
        if (hosted.isLeader) this.#checkLeader(hosted, who);
        if (known !== undefined && isTrusted(this.#world, stored, machine.brokerId)) {
          this.#checkInSync(hosted, known, who);
        }
      }
    }
  }

  /** Every follower is a prefix of its leader up to the high watermark that both know: by the epochs, each of which one leader wrote. */
  checkPrefixes(): void {
    const { machines, history } = this.#world;
    const hosted = machines.flatMap((machine) => [...hostedBy(machine).values()]);
    for (const leader of hosted.filter(({ isLeader, isOpen }) => isLeader && isOpen)) {
      for (const follower of hosted) {
        if (follower.topicId !== leader.topicId || follower.partitionIndex !== leader.partitionIndex) continue;
        if (follower.leaderEpoch !== leader.leaderEpoch || !follower.isOpen) continue;
        const end = Math.min(leader.highWatermark, follower.highWatermark);
        const start = Math.max(leader.logStartOffset, follower.logStartOffset);
        const [wanted, found] = [epochsOf(leader, start, end), epochsOf(follower, start, end)];
        if (wanted === found) continue;
        const what = `${leader.topic}-${leader.partitionIndex}: up to ${end} a follower has the epochs ${found}`;
        history.violate(`${what}, its leader ${wanted}: the replicas differ`);
      }
    }
  }

  /** The watermark of a replica never goes back within a leader epoch. */
  #checkWatermark({ topic, partitionIndex, leaderEpoch, highWatermark }: HostedPartition, who: string): void {
    const key = `${who} ${topic}-${partitionIndex} ${leaderEpoch}`;
    const before = this.#watermarks.get(key) ?? 0;
    if (highWatermark < before)
      this.#violate(`${key}: the high watermark went back from ${before} to ${highWatermark}`);
    this.#watermarks.set(key, highWatermark);
  }

  #checkLeader({ topic, partitionIndex, leaderEpoch }: HostedPartition, who: string): void {
    const key = `${topic}-${partitionIndex} in epoch ${leaderEpoch}`;
    const before = this.#leaders.get(key);
    if (before !== undefined && before !== who) this.#violate(`two leaders of ${key}: ${before} and ${who}`);
    this.#leaders.set(key, who);
  }

  /** Whoever may be elected has all that a client was told of. */
  #checkInSync({ topic, partitionIndex, logEndOffset }: HostedPartition, known: PartitionHistory, who: string): void {
    if (logEndOffset >= known.highWatermark) return;
    const what = `${who} is in sync in ${topic}-${partitionIndex} and ends at ${logEndOffset}`;
    this.#violate(`${what}, but ${known.highWatermark} is committed`);
  }

  #historyOf({ topicId, index }: StoredPartition): PartitionHistory | undefined {
    const key = `${topicId} ${index}`;
    let known = this.#histories.get(key);
    if (known !== undefined) return known;
    known = this.#world.history.partitions().find((each) => each.topicId === topicId && each.index === index);
    if (known !== undefined) this.#histories.set(key, known);
    return known;
  }

  #violate(what: string): void {
    this.#world.history.violate(what);
  }
}

/** The leader epochs between two offsets, newest first, with the offset that each begins at. */
function epochsOf({ log }: HostedPartition, start: number, end: number): string {
  const epochs: string[] = [];
  for (let offset = end - 1; offset >= start; ) {
    const epoch = log.epochForOffset(offset);
    // Older than all that the log knows ends where the first that it knows begins.
    const begin = epoch > 0 ? log.endOffsetForEpoch(epoch - 1).endOffset : start;
    epochs.push(`${epoch} from ${Math.max(begin, start)}`);
    offset = Math.min(begin, offset) - 1;
  }
  return epochs.join(', ');
}
