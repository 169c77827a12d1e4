import { type Core, createCore } from '../src/index.ts';

/** Bytes of heap that the tests' WebAssembly core has. */
export const HEAP_BYTES = 1 << 20;

export const wasm: Core = createCore({ kind: 'wasm', memoryBytes: HEAP_BYTES });
export const reference: Core = createCore({ kind: 'reference' });
export const bothCores: readonly (readonly [string, Core])[] = [
  ['wasm', wasm],
  ['reference', reference],
];

/** Puts the bytes in the heap of the WebAssembly core, `gap` bytes from its start, and gives a view of them there. */
export function inHeap(bytes: Uint8Array, gap = 0): Uint8Array {
  const start = wasm.heapStart + gap;
  wasm.memory.set(bytes, start);
  return wasm.memory.subarray(start, start + bytes.length);
}
