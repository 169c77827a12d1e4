import { createCore } from '@ks/core-wasm';
import {
  encodeEndTransactionMarker,
  encodePlainRecordBatch,
  encodeRecordBatch,
  RecordBatch,
  type RecordInput,
} from '@ks/protocol';
import type { TransactionalProducer } from '../core/replicated-state.ts';
import type { CoordinatorAppend, CoordinatorLog, EndMarker } from './coordinator-log.ts';

export const referenceCore = createCore({ kind: 'reference' });

/** A partition's log in memory whose commits happen when the test says so. */
export class FakeCoordinatorLog implements CoordinatorLog {
  maxBatchBytes = 1_000_000;
  refusedWith = 0;
  /** The next append is refused with this although `refusal` said nothing. */
  appendFailsWith = 0;
  replayError: Error | undefined;
  readonly batches: Uint8Array[] = [];
  nextOffset = 0;
  #uncommitted: ((errorCode: number) => void)[] = [];

  refusal(): number {
    return this.refusedWith;
  }

  append(records: readonly RecordInput[], producer?: TransactionalProducer): CoordinatorAppend {
    const transactional = producer === undefined ? {} : { ...producer, isTransactional: true };
    return this.#append((baseOffset) =>
      encodePlainRecordBatch(records, { checksum: referenceCore, baseOffset, ...transactional }),
    );
  }

  appendMarker(marker: EndMarker, timestampMs: number): CoordinatorAppend {
    return this.#append((baseOffset) =>
      encodeEndTransactionMarker({ ...marker, timestampMs, baseOffset }, referenceCore),
    );
  }

  #append(encode: (baseOffset: number) => Uint8Array): CoordinatorAppend {
    if (this.appendFailsWith !== 0) {
      const errorCode = this.appendFailsWith;
      this.appendFailsWith = 0;
      return { errorCode, baseOffset: -1, committed: Promise.resolve(errorCode) };
    }
    const baseOffset = this.nextOffset;
    this.put(encode(baseOffset));
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#uncommitted.push(resolve);
    return { errorCode: 0, baseOffset, committed: promise };
  }

  /** Puts a whole batch behind the others, as a leader before would have. */
  put(batch: Uint8Array): void {
    this.batches.push(batch);
    this.nextOffset = new RecordBatch(batch).nextOffset;
  }

  putRecords(
    records: readonly RecordInput[],
    seal: { producerId?: number; producerEpoch?: number; isTransactional?: boolean } = {},
  ): void {
    const batch = encodeRecordBatch(records, { checksum: referenceCore, baseOffset: this.nextOffset, ...seal });
    if (batch instanceof Uint8Array) this.put(batch);
  }

  /** Everything appended so far is committed, or is not (an error code). */
  async settle(errorCode = 0): Promise<void> {
    const resolvers = this.#uncommitted;
    this.#uncommitted = [];
    for (const resolve of resolvers) resolve(errorCode);
    await settled();
  }

  async *replay(): AsyncGenerator<RecordBatch, void, undefined> {
    if (this.replayError !== undefined) throw this.replayError;
    for (const batch of [...this.batches]) yield new RecordBatch(batch);
  }
}

/** Lets every promise that can settle do so. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
