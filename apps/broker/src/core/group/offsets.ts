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
      if (commits.some(({ record }) => record.topic === topic && record.partitionIndex === partitionIndex)) return true;
    }
    return false;
  }

  /** `recordOffset`: where the record lies in the log. */
  apply(record: OffsetRecord, recordOffset: number): void {
    this.#set(record, recordOffset);
  }

  /** Holds a transactional commit until the producer's marker. */
  applyPending(record: OffsetRecord, recordOffset: number, producerId: number): void {
    const pending = this.#pendingByProducer.get(producerId) ?? [];
    pending.push({ record, recordOffset, isSuperseded: false });
    this.#pendingByProducer.set(producerId, pending);
  }

  applyMarker(producerId: number, committed: boolean): void {
    const pending = this.#pendingByProducer.get(producerId) ?? [];
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
    for (const commits of this.#pendingByProducer.values()) {
      for (const pending of commits) {
        const { record } = pending;
        const isSame = record.topic === topic && record.partitionIndex === partitionIndex;
        if (isSame && pending.recordOffset < recordOffset) pending.isSuperseded = true;
      }
    }
  }
}
