import type { Core, CoreOptions } from './core.ts';
import { createReferenceCore } from './reference.ts';
import { createWasmCore } from './wasm-core.ts';
import { wasmIsSupported } from './wasm-module.ts';

/**
 * Creates a core with memory of its own.
 * @throws RangeError when `memoryBytes` cannot be had (WebAssembly reaches up to 4 GB)
 * @throws Error when WebAssembly was asked for by name and is missing
 */
export function createCore(options: CoreOptions = {}): Core {
  const kind = options.kind ?? (wasmIsSupported() ? 'wasm' : 'reference');
  const memoryBytes = options.memoryBytes ?? 0;
  return kind === 'wasm' ? createWasmCore(memoryBytes) : createReferenceCore(memoryBytes);
}
