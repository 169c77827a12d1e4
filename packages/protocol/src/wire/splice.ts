/** Bytes that take part in a frame but that somebody else puts on the wire: the writer only counts them. */
export interface Splice {
  readonly sizeBytes: number;
}

/** One piece of a written frame, in order. */
export type WirePiece = Uint8Array | Splice;

/** Whether a piece is plain bytes. */
export function isBytes(piece: WirePiece): piece is Uint8Array {
  return piece instanceof Uint8Array;
}

/** Size of a piece in bytes. */
export function pieceSizeBytes(piece: WirePiece): number {
  return isBytes(piece) ? piece.length : piece.sizeBytes;
}
