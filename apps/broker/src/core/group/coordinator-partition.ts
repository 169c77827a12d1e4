/** Java's `String.hashCode`: over UTF-16 units, wrapping at 32 bits. */
export function javaStringHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0;
  return hash;
}

/** The partition of `__consumer_offsets` that holds a group. */
export function coordinatorPartition(groupId: string, partitionCount: number): number {
  const hash = javaStringHash(groupId);
  // The one number without a positive counterpart counts as 0.
  return (hash === -2147483648 ? 0 : Math.abs(hash)) % partitionCount;
}
