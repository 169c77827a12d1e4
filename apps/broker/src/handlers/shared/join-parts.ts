import type { MemoryPart, WirePart } from '../../ports/wire-part.ts';
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
    : {
        kind: 'file',
        sizeBytes,
        read: (into, at) => readAcross(parts, into, at),
        readNow: (into, at) => readAcrossNow(parts, into, at),
        release,
      };
}

/** The pieces of parts that make up `into`, filled from `at` on. */
function* piecesOf(parts: readonly WirePart[], into: Uint8Array, at: number) {
  let partStart = 0;
  for (const part of parts) {
    const start = Math.max(at, partStart);
    const end = Math.min(at + into.length, partStart + part.sizeBytes);
    if (start < end) yield { part, into: into.subarray(start - at, end - at), at: start - partStart };
    partStart += part.sizeBytes;
  }
}

async function readAcross(parts: readonly WirePart[], into: Uint8Array, at: number): Promise<void> {
  for (const piece of piecesOf(parts, into, at)) {
    if (piece.part.kind === 'file') await piece.part.read(piece.into, piece.at);
    else copyFromViews(piece.part, piece.into, piece.at);
  }
}

function readAcrossNow(parts: readonly WirePart[], into: Uint8Array, at: number): boolean {
  for (const piece of piecesOf(parts, into, at)) {
    if (piece.part.kind === 'memory') copyFromViews(piece.part, piece.into, piece.at);
    else if (!piece.part.readNow?.(piece.into, piece.at)) return false;
  }
  return true;
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
