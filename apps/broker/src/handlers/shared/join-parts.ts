import type { FilePart, MemoryPart, WirePart } from '../../ports/wire-part.ts';
import { releaseParts } from '../../ports/wire-part.ts';

const NO_RECORDS = new Uint8Array(0);

/** Several pieces of a log as the one that a `records` field takes. Releasing it releases them all. */
export function joinParts(parts: readonly WirePart[]): WirePart | Uint8Array {
  const [first] = parts;
  if (first === undefined) return NO_RECORDS;
  if (parts.length === 1) return first;
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  const release = (): void => releaseParts(parts);
  return parts.every((part): part is MemoryPart => part.kind === 'memory')
    ? { kind: 'memory', sizeBytes, views: parts.flatMap((part) => part.views), release }
    : { kind: 'file', sizeBytes, read: (into, at) => readAcross(parts, into, at), release };
}

async function readAcross(parts: readonly WirePart[], into: Uint8Array, at: number): Promise<void> {
  let partStart = 0;
  for (const part of parts) {
    const start = Math.max(at, partStart);
    const end = Math.min(at + into.length, partStart + part.sizeBytes);
    if (start < end) await readPart(part, into.subarray(start - at, end - at), start - partStart);
    partStart += part.sizeBytes;
  }
}

function readPart(part: WirePart, into: Uint8Array, at: number): Promise<void> | void {
  return part.kind === 'file' ? (part satisfies FilePart).read(into, at) : copyFromViews(part, into, at);
}

function copyFromViews(part: MemoryPart, into: Uint8Array, at: number): void {
  let viewStart = 0;
  for (const view of part.views) {
    const start = Math.max(at, viewStart);
    const end = Math.min(at + into.length, viewStart + view.length);
    if (start < end) into.set(view.subarray(start - viewStart, end - viewStart), start - at);
    viewStart += view.length;
  }
}
