import type { CommittedOffset, GroupRecord } from './records.ts';

type Partitions = Map<number, CommittedOffset>;

/** A commit that waits for its transaction's end. */
interface PendingCommit {
  readonly topic: string;
  readonly partitionIndex: number;
  readonly value: CommittedOffset | null;
}

/** The committed offsets of one group: durable state, written by `apply` and `applyMarker` alone. */
export class GroupOffsets {
  readonly #byTopic = new Map<string, Partitions>();
  readonly #pendingByProducer = new Map<number, PendingCommit[]>();

  get(topic: string, partitionIndex: number): CommittedOffset | undefined {
    return this.#byTopic.get(topic)?.get(partitionIndex);
  }

  topics(): IterableIterator<[string, ReadonlyMap<number, CommittedOffset>]> {
    return this.#byTopic.entries();
  }

  /** Whether neither an offset nor a transaction's commit is held. */
  get isEmpty(): boolean {
    return this.#byTopic.size === 0 && this.#pendingByProducer.size === 0;
  }

  /** Whether any open transaction has committed here. */
  get hasPending(): boolean {
    return this.#pendingByProducer.size > 0;
  }

  /** Whether an open transaction has committed an offset of the partition. */
  isPending(topic: string, partitionIndex: number): boolean {
    for (const commits of this.#pendingByProducer.values()) {
      if (commits.some((commit) => commit.topic === topic && commit.partitionIndex === partitionIndex)) return true;
    }
    return false;
  }

  apply(record: GroupRecord & { type: 'offset' }): void {
    this.#set(record.topic, record.partitionIndex, record.value);
  }

  /** Holds a transactional commit until the producer's marker. */
  applyPending(record: GroupRecord & { type: 'offset' }, producerId: number): void {
    const pending = this.#pendingByProducer.get(producerId) ?? [];
    pending.push({ topic: record.topic, partitionIndex: record.partitionIndex, value: record.value });
    this.#pendingByProducer.set(producerId, pending);
  }

  applyMarker(producerId: number, committed: boolean): void {
    const pending = this.#pendingByProducer.get(producerId) ?? [];
    this.#pendingByProducer.delete(producerId);
    if (!committed) return;
    for (const commit of pending) this.#set(commit.topic, commit.partitionIndex, commit.value);
  }

  #set(topic: string, partitionIndex: number, value: CommittedOffset | null): void {
    const partitions = this.#byTopic.get(topic);
    if (value !== null) {
      if (partitions === undefined) this.#byTopic.set(topic, new Map([[partitionIndex, value]]));
      else partitions.set(partitionIndex, value);
      return;
    }
    partitions?.delete(partitionIndex);
    if (partitions?.size === 0) this.#byTopic.delete(topic);
  }
}
