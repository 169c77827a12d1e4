import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCore } from './index.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe('createCore', () => {
  it('takes WebAssembly by default', () => {
    expect(createCore().kind).toBe('wasm');
    expect(createCore({ kind: 'reference' }).kind).toBe('reference');
  });

  it.each(['wasm', 'reference'] as const)('gives a heap of the size asked for (%s)', (kind) => {
    const core = createCore({ kind, memoryBytes: 100_000 });
    expect(core.heapStart % 4096).toBe(0);
    expect(core.memory.length - core.heapStart).toBeGreaterThanOrEqual(100_000);
    expect(core.memory.byteOffset).toBe(0);
  });

  it('refuses more memory than addresses reach', () => {
    expect(() => createCore({ kind: 'wasm', memoryBytes: 2 ** 32 })).toThrow(RangeError);
    expect(() => createCore({ kind: 'wasm', memoryBytes: -(2 ** 30) })).toThrow(RangeError);
  });

  it('works in the uppermost part of a large memory', () => {
    const core = createCore({ kind: 'wasm', memoryBytes: 3 * 2 ** 30 });
    const input = core.memory.subarray(core.memory.length - 1000);
    input.fill(7);
    expect(core.crc32c(input)).toBe(createCore({ kind: 'reference' }).crc32c(input));
    expect(core.lz4Decompress(core.lz4Compress(input), 1000)).toEqual(input.slice());
    expect(core.snappyDecompress(core.snappyCompress(input), 1000)).toEqual(input.slice());
  });

  it('gives cores that do not disturb each other', () => {
    const [first, second] = [createCore({ memoryBytes: 10 }), createCore({ memoryBytes: 10 })];
    first.memory.fill(1, first.heapStart);
    expect(second.memory[second.heapStart]).toBe(0);
  });

  it.each([
    ['WebAssembly', undefined],
    ['SIMD', { validate: () => false }],
  ])('falls back to the reference where there is no %s', async (_what, stub) => {
    vi.stubGlobal('WebAssembly', stub);
    vi.resetModules();
    const fresh = await import('./index.ts');
    const core = fresh.createCore();
    expect(core.kind).toBe('reference');
    expect(core.crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
    expect(() => fresh.createCore({ kind: 'wasm' })).toThrow('not supported');
  });
});
