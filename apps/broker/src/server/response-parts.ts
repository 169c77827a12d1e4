import { isBytes, type Splice, type WirePiece } from '@ks/protocol';
import type { WirePart } from '../ports/wire-part.ts';

/** One thing to send: bytes that belong to the response alone, or a part of the log. */
export type Sendable = Uint8Array | WirePart;

function isWirePart(splice: Splice): splice is WirePart {
  return 'release' in splice;
}

/** An encoded frame as what the connection sends, in order. */
export function sendablesOf(pieces: readonly WirePiece[]): readonly Sendable[] {
  return pieces.map((piece) => {
    if (isBytes(piece) || isWirePart(piece)) return piece;
    throw new TypeError('a response contains a splice that nobody can send');
  });
}

/** All bytes of a response. */
export function sizeOf(sendables: readonly Sendable[]): number {
  let bytes = 0;
  for (const each of sendables) bytes += isBytes(each) ? each.length : each.sizeBytes;
  return bytes;
}

/** Bytes that belong to responses alone. */
export function heapBytesOf(sendables: readonly Sendable[]): number {
  let bytes = 0;
  for (const each of sendables) if (isBytes(each)) bytes += each.length;
  return bytes;
}

/** Releases every part of the log, for a response that will not be sent. */
export function releaseSendables(sendables: readonly Sendable[]): void {
  for (const each of sendables) if (!isBytes(each)) each.release();
}

/** Releases every part of the log within a response body that could not be encoded. */
export function releaseBody(body: unknown): void {
  if (typeof body !== 'object' || body === null || body instanceof Uint8Array) return;
  if ('sizeBytes' in body && 'release' in body && typeof body.release === 'function') {
    body.release();
    return;
  }
  for (const value of Object.values(body)) releaseBody(value);
}
