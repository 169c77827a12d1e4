import { createCore } from '@ks/core-wasm';
import { describe, expect, test } from 'vitest';
import { type Extent, SlabPool } from './slab-pool.ts';
import { TailMemory, type TailPiece } from './tail-memory.ts';

const piecesMax = 4;
const pieceBytes = 65_536;

function memoryOf(pieces: number): TailMemory {
  return new TailMemory(new SlabPool(createCore({ memoryBytes: 4 << 20 })), pieces * pieceBytes);
}

function remembered(memory: TailMemory, isWritten: boolean): TailPiece & { isWritten: boolean; extent: Extent } {
  const extent = memory.reserve(pieceBytes);
  const piece = {
    sizeBytes: pieceBytes,
    isWritten,
    extent,
    evict: () => {
      memory.forget(piece);
      extent.release();
    },
  };
  memory.remember(piece);
  return piece;
}

describe('memory of tails', () => {
  test('a budget used up to the last byte does not stop the broker', () => {
    const memory = memoryOf(piecesMax);
    for (let count = 0; count < piecesMax; count++) remembered(memory, true);
    expect(memory.usedBytes).toBe(memory.budgetBytes);
    expect(memory.isFull).toBe(false);
  });

  test('is full while more than the budget waits for the disk, and no longer', () => {
    const memory = memoryOf(piecesMax);
    const pieces = Array.from({ length: piecesMax + 1 }, () => remembered(memory, false));
    expect(memory.isFull).toBe(true);
    for (const piece of pieces) piece.isWritten = true;
    expect(memory.isFull).toBe(false);
    expect(memory.usedBytes).toBe(memory.budgetBytes);
  });
});
