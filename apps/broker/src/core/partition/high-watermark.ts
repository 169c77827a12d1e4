/** What bounds the high watermark of one leader. */
export interface HighWatermarkInput {
  /** Whose copies count: committed and pending members of the ISR, and followers that are about to join. */
  readonly counted: Iterable<number>;
  /** How many committed members the ISR has. */
  readonly isrSize: number;
  /** min(min.insync.replicas, assigned replicas). */
  readonly effectiveMinIsr: number;
  /** Exclusive end of what a replica is known to have; undefined where that is not known. */
  readonly endOffsetOf: (brokerId: number) => number | undefined;
}

/**
 * The smallest end offset of those that count, or undefined while nothing may advance: one of them is unknown, or the committed
 * ISR is below the effective minimum (KIP-966: the ELR relies on that). The caller never lets it go back.
 */
export function highWatermarkOf(input: HighWatermarkInput): number | undefined {
  if (input.isrSize < input.effectiveMinIsr) return undefined;
  let smallest: number | undefined;
  for (const brokerId of input.counted) {
    const endOffset = input.endOffsetOf(brokerId);
    if (endOffset === undefined) return undefined;
    if (smallest === undefined || endOffset < smallest) smallest = endOffset;
  }
  return smallest;
}
