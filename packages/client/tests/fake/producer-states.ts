import { ErrorCode, RecordBatch } from '@ks/protocol';

interface Kept {
  readonly baseSequence: number;
  readonly recordsCount: number;
  readonly baseOffset: number;
}

/** A broker remembers so many batches of a producer in a partition. */
const WINDOW = 5;

/** What partitions know of idempotent producers: the next sequence, and the last batches with their offsets. */
export class ProducerStates {
  readonly #states = new Map<string, Kept[]>();

  /** As after an unclean election, or when a producer's records were deleted. */
  forget(): void {
    this.#states.clear();
  }

  /** Appends a batch, unless it is there already or out of order. */
  append(
    topic: string,
    index: number,
    bytes: Uint8Array,
    append: () => number,
  ): { readonly errorCode: number; readonly baseOffset: number } {
    const { producerId, baseSequence, recordsCount } = new RecordBatch(bytes);
    if (producerId < 0) return { errorCode: 0, baseOffset: append() };
    const key = `${topic} ${index} ${producerId}`;
    const kept = this.#states.get(key) ?? [];
    const twin = kept.find((one) => one.baseSequence === baseSequence && one.recordsCount === recordsCount);
    if (twin !== undefined) return { errorCode: 0, baseOffset: twin.baseOffset };
    const last = kept.at(-1);
    const expected = last === undefined ? 0 : last.baseSequence + last.recordsCount;
    if (baseSequence !== expected) return { errorCode: ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 };
    const baseOffset = append();
    this.#states.set(key, [...kept, { baseSequence, recordsCount, baseOffset }].slice(-WINDOW));
    return { errorCode: 0, baseOffset };
  }
}
