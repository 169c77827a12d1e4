import type { CommittedOffset, GroupRecord } from './records.ts';

type Partitions = Map<number, CommittedOffset>;
type OffsetRecord = GroupRecord & { readonly type: 'offset' };

/** A commit that waits for its transaction's end. */
interface PendingCommit {
  readonly record: OffsetRecord;
  /** Where its record lies in the log. */
  readonly recordOffset: number;
  /** A later record says something else of the partition: that is what counts, however this transaction ends. */
  isSuperseded: boolean;
}

/** The committed offsets of one group: durable state, written by `apply` and `applyMarker` alone. */
export class GroupOffsets {
  readonly #byTopic = new Map<string, Partitions>();
  /** By producer id, then by partition: a producer that commits again in the same transaction replaces what it said before. */
  readonly #pendingByProducer = new Map<number, Map<string, PendingCommit>>();

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
    const key = partitionKey(topic, partitionIndex);
    for (const commits of this.#pendingByProducer.values()) if (commits.has(key)) return true;
    return false;
  }

  /** The partitions that open transactions have committed offsets of; one may come several times. */
  *pendingPartitions(): Generator<{ readonly topic: string; readonly partitionIndex: number }, void, undefined> {
    for (const commits of this.#pendingByProducer.values()) {
      for (const { record } of commits.values()) yield record;
    }
  }

  /** `recordOffset`: where the record lies in the log. A tombstone forgets what open transactions have committed, too. */
  apply(record: OffsetRecord, recordOffset: number): void {
    this.#set(record, recordOffset);
    if (record.value === null) this.#forgetPending(record);
  }

  #forgetPending({ topic, partitionIndex }: OffsetRecord): void {
    for (const [producerId, commits] of this.#pendingByProducer) {
      commits.delete(partitionKey(topic, partitionIndex));
      if (commits.size === 0) this.#pendingByProducer.delete(producerId);
    }
  }

  /** Holds a transactional commit until the producer's marker. */
  applyPending(record: OffsetRecord, recordOffset: number, producerId: number): void {
    const pending = this.#pendingByProducer.get(producerId) ?? new Map<string, PendingCommit>();
    pending.set(partitionKey(record.topic, record.partitionIndex), { record, recordOffset, isSuperseded: false });
    this.#pendingByProducer.set(producerId, pending);
  }

  applyMarker(producerId: number, committed: boolean): void {
    const pending = this.#pendingByProducer.get(producerId)?.values() ?? [];
    this.#pendingByProducer.delete(producerId);
    if (!committed) return;
    for (const { record, recordOffset, isSuperseded } of pending) if (!isSuperseded) this.#set(record, recordOffset);
  }

  /** Of several records for one partition the last in the log counts, whenever their transactions end. */
  #set({ topic, partitionIndex, value }: OffsetRecord, recordOffset: number): void {
    this.#supersede(topic, partitionIndex, recordOffset);
    const partitions = this.#byTopic.get(topic);
    if (value !== null) {
      if (partitions === undefined) this.#byTopic.set(topic, new Map([[partitionIndex, value]]));
      else partitions.set(partitionIndex, value);
      return;
    }
    partitions?.delete(partitionIndex);
    if (partitions?.size === 0) this.#byTopic.delete(topic);
  }

  #supersede(topic: string, partitionIndex: number, recordOffset: number): void {
    const key = partitionKey(topic, partitionIndex);
    for (const commits of this.#pendingByProducer.values()) {
      const pending = commits.get(key);
      if (pending !== undefined && pending.recordOffset < recordOffset) pending.isSuperseded = true;
    }
  }
}

function partitionKey(topic: string, partitionIndex: number): string {
  return `${partitionIndex} ${topic}`;
}
