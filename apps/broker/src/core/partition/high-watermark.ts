/** What bounds the high watermark of one leader. */
export interface HighWatermarkInput {
  /** Committed and pending members. */
  readonly maximalIsr: readonly number[];
  /** The committed members alone. */
  readonly isr: readonly number[];
  /** min(min.insync.replicas, assigned replicas). */
  readonly effectiveMinIsr: number;
  /** Exclusive end of what each replica is known to have, by broker id; a member that is missing is unknown. */
  readonly endOffsets: ReadonlyMap<number, number>;
}

/**
 * The smallest end offset in the maximal ISR, or undefined while nothing may advance: a member's end offset is unknown, or the
 * committed ISR is below the effective minimum (KIP-966: the ELR relies on that). The caller never lets it go back.
 */
export function highWatermarkOf(input: HighWatermarkInput): number | undefined {
  if (input.isr.length < input.effectiveMinIsr) return undefined;
  let smallest: number | undefined;
  for (const brokerId of input.maximalIsr) {
    const endOffset = input.endOffsets.get(brokerId);
    if (endOffset === undefined) return undefined;
    if (smallest === undefined || endOffset < smallest) smallest = endOffset;
  }
  return smallest;
}
