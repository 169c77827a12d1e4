/** Bytes in memory, held until `release`. They must not change while they are held. */
export interface MemoryPart {
  readonly kind: 'memory';
  /** Sum of the views' lengths. */
  readonly sizeBytes: number;
  /** In order; together they are the part. */
  readonly views: readonly Uint8Array[];
  /** Ends the hold. Exactly once, after the last byte left, and also when nothing was sent. */
  release(): void;
}

/** A range of a file, read when it is sent. The file stays readable until `release`, even where it is deleted meanwhile. */
export interface FilePart {
  readonly kind: 'file';
  readonly sizeBytes: number;
  /** Fills all of `into` with the part's bytes from `at` on. Rejects (`FilesError`) where they can no longer be had. */
  read(into: Uint8Array, at: number): Promise<void>;
  /** The same on this thread, where that is expected to be quick; false where `read` has to be called after all. Absent: never. */
  readonly readNow?: (into: Uint8Array, at: number) => boolean;
  /** Exactly once, after the last read settled, and also when nothing was sent. */
  release(): void;
}

/**
 * A piece of a response that the log provides and the connection sends. It has the protocol package's `Splice` shape, so a
 * `records` field is encoded from it without a copy.
 */
export type WirePart = MemoryPart | FilePart;

/** Copies the parts into one array and releases them all, also when reading fails: for readers inside the broker. */
export async function bytesOfParts(parts: readonly WirePart[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.sizeBytes, 0));
  try {
    let at = 0;
    for (const part of parts) {
      await copyPart(part, bytes.subarray(at, at + part.sizeBytes));
      at += part.sizeBytes;
    }
    return bytes;
  } finally {
    releaseParts(parts);
  }
}

/** Releases each part once. */
export function releaseParts(parts: readonly WirePart[]): void {
  for (const part of parts) part.release();
}

async function copyPart(part: WirePart, into: Uint8Array): Promise<void> {
  if (part.kind === 'file') return part.read(into, 0);
  let at = 0;
  for (const view of part.views) {
    into.set(view, at);
    at += view.length;
  }
}

/** Fills `into` with the parts' bytes from `from` on; the parts are not released. */
export async function copyRangeOfParts(parts: readonly WirePart[], from: number, into: Uint8Array): Promise<void> {
  let partStart = 0;
  for (const part of parts) {
    const start = Math.max(from, partStart);
    const end = Math.min(from + into.length, partStart + part.sizeBytes);
    if (start < end) await copyRange(part, start - partStart, into.subarray(start - from, end - from));
    partStart += part.sizeBytes;
  }
}

async function copyRange(part: WirePart, at: number, into: Uint8Array): Promise<void> {
  if (part.kind === 'file') return part.read(into, at);
  let viewStart = 0;
  for (const view of part.views) {
    const start = Math.max(at, viewStart);
    const end = Math.min(at + into.length, viewStart + view.length);
    if (start < end) into.set(view.subarray(start - viewStart, end - viewStart), start - at);
    viewStart += view.length;
  }
}
