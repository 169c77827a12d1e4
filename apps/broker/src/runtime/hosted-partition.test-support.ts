import { RecordBatch, setBaseOffset } from '@ks/protocol';
import type { WirePart } from '../ports/wire-part.ts';
import type { Log, LogRead } from '../storage/log.ts';
import { defaultLogConfig } from '../storage/log-config.ts';
import { PartitionTraffic } from './partition-traffic.ts';
import type { Append, AppendRequest, HostedPartition } from './replica-manager.ts';

/** A partition in memory that is led here; its high watermark follows its end unless it is held. */
export class FakePartition implements HostedPartition {
  readonly topicId = 'AAAAAAAAAAAAAAAAAAAAAw';
  readonly topic: string;
  readonly partitionIndex: number;
  readonly log: Log;
  readonly logStartOffset = 0;
  readonly traffic = new PartitionTraffic();
  isOpen = true;
  isLeader = true;
  isUnderMinIsr = false;
  leaderEpoch = 1;
  logEndOffset = 0;
  highWatermark = 0;
  /** Parts given out and not released. */
  held = 0;
  readonly #batches: Uint8Array[] = [];
  readonly #listeners = new Set<(partition: HostedPartition) => void>();
  #waiting: { readonly endOffset: number; readonly resolve: (errorCode: number) => void }[] = [];
  #isHeld = false;

  get lastStableOffset(): number {
    return this.highWatermark;
  }

  constructor(topic: string, partitionIndex: number) {
    this.topic = topic;
    this.partitionIndex = partitionIndex;
    const partition = this;
    const log: Partial<Log> = {
      config: defaultLogConfig,
      logStartOffset: 0,
      get appendedEndOffset() {
        return partition.logEndOffset;
      },
      read: (startOffset, maxBytes, upToOffset) => this.#read(startOffset, maxBytes, upToOffset),
    };
    // A coordinator uses no more of a log than this.
    this.log = log as Log;
  }

  #read(startOffset: number, maxBytes: number, upToOffset: number): LogRead {
    const views: Uint8Array[] = [];
    let sizeBytes = 0;
    let nextOffset = startOffset;
    for (const bytes of this.#batches) {
      const batch = new RecordBatch(bytes);
      if (batch.lastOffset < startOffset || batch.lastOffset >= upToOffset) continue;
      if (views.length > 0 && sizeBytes + bytes.length > maxBytes) break;
      views.push(bytes);
      sizeBytes += bytes.length;
      nextOffset = batch.nextOffset;
    }
    this.held++;
    const part: WirePart = { kind: 'memory', sizeBytes, views, release: () => void this.held-- };
    return { type: 'records', parts: [part], sizeBytes, nextOffset };
  }

  /** As the replica manager's, for this partition alone. */
  append(request: AppendRequest): Append {
    const records = request.partitions[0]?.records?.slice() ?? new Uint8Array(0);
    setBaseOffset(records, 0, this.logEndOffset);
    const batch = new RecordBatch(records);
    this.#batches.push(records);
    this.logEndOffset = batch.nextOffset;
    const key = { topic: this.topic, topicId: this.topicId, partitionIndex: this.partitionIndex };
    const result = (errorCode: number) => ({
      ...key,
      errorCode,
      errorMessage: null,
      recordErrors: [],
      baseOffset: batch.baseOffset,
      lastOffset: batch.lastOffset,
      logAppendTimeMs: -1,
      logStartOffset: 0,
      currentLeader: undefined,
    });
    const completion = new Promise<number>((resolve) => {
      this.#waiting.push({ endOffset: batch.nextOffset, resolve });
    });
    if (!this.#isHeld) this.advance();
    return { admitting: undefined, admitted: [result(0)], completion: completion.then((code) => [result(code)]) };
  }

  /** Keeps the high watermark where it is until `advance`. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Moves the high watermark up to the end. */
  advance(): void {
    this.#isHeld = false;
    this.highWatermark = this.logEndOffset;
    for (const { resolve } of this.#waiting) resolve(0);
    this.#waiting = [];
    this.#tell();
  }

  /** Another broker leads from now on. */
  resign(): void {
    this.isLeader = false;
    this.leaderEpoch++;
    for (const { resolve } of this.#waiting) resolve(6);
    this.#waiting = [];
    this.#tell();
  }

  /** This broker leads again, under the next epoch. */
  lead(): void {
    this.isLeader = true;
    this.leaderEpoch++;
    this.#tell();
  }

  onChange(listener: (partition: HostedPartition) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener(this);
  }
}
