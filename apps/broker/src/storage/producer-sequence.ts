/** Sequence numbers of an idempotent producer: 0 to 2^31-1, then 0 again. One per record and partition. */

const SEQUENCE_MAX = 0x7fffffff;

/** `count` sequence numbers further. */
export function sequenceAfter(sequence: number, count: number): number {
  return sequence > SEQUENCE_MAX - count ? count - (SEQUENCE_MAX - sequence) - 1 : sequence + count;
}

/** `count` sequence numbers back. */
export function sequenceBefore(sequence: number, count: number): number {
  return sequence < count ? SEQUENCE_MAX - (count - sequence) + 1 : sequence - count;
}

/** Whether a batch that starts with `first` is the one due behind `last`. */
export function isNextSequence(last: number, first: number): boolean {
  return first === sequenceAfter(last, 1);
}
