import { wasmBase64, wasmScratchBytes } from './wasm.generated.ts';
import { PAGE_BYTES, type WebAssemblyModule, webAssembly } from './webassembly.ts';

/** What assembly/index.ts exports. Addresses and sizes are uint32 and may be passed as any number that is one modulo 2^32. */
export interface WasmExports {
  readonly heapStart: { readonly value: number };
  readonly stageStart: { readonly value: number };
  readonly stageBytes: { readonly value: number };
  readonly windowStart: { readonly value: number };
  readonly windowBytes: { readonly value: number };
  readonly scanResult: { readonly value: number };
  initialize(): void;
  crc32c(seed: number, at: number, size: number): number;
  xxHash32Begin(seed: number): void;
  xxHash32Stripes(at: number, size: number): void;
  xxHash32Finish(at: number, size: number, seed: number, totalBytes: number): number;
  lz4CompressBlock(source: number, size: number, target: number): number;
  lz4CompressBlockHigh(source: number, size: number, target: number, attempts: number): number;
  lz4DecompressBlock(source: number, size: number, target: number, capacity: number, historyBytes: number): number;
  snappyCompressBlock(source: number, size: number, target: number): number;
  snappyDecompressBlock(source: number, size: number, target: number, targetBytes: number): number;
  scanRecords(source: number, size: number, recordsCount: number): void;
  searchOffsetIndex(entries: number, entryCount: number, target: number): number;
  searchTimeIndex(entries: number, entryCount: number, target: number): number;
}

/** The last page of the 4 GB that addresses reach is left out, so that sums of an address and a few bytes cannot overflow. */
const PAGES_MAX = 65535;

/** Decoded and compiled on first use, then shared by all cores of the thread; null where WebAssembly or its SIMD is missing. */
let compiled: WebAssemblyModule | null | undefined;

/** Whether the runtime can run the module. */
export function wasmIsSupported(): boolean {
  return compiledModule() !== null;
}

/**
 * Instantiates the module with memory of its own, of fixed size.
 * @param memoryBytes how much the owner wants beyond the module's scratch
 * @throws RangeError when that is more than addresses reach or the system reserves
 */
export function instantiateWasm(memoryBytes: number): { readonly exports: WasmExports; readonly memory: Uint8Array } {
  const module = compiledModule();
  if (module === null || webAssembly === undefined) throw new Error('WebAssembly with SIMD is not supported here');
  const pages = Math.ceil((wasmScratchBytes + memoryBytes) / PAGE_BYTES);
  if (!(memoryBytes >= 0 && pages <= PAGES_MAX)) throw new RangeError(`cannot address ${memoryBytes} bytes of memory`);
  // Never grown: growing would detach every view into it.
  const memory = new webAssembly.Memory({ initial: pages, maximum: pages });
  const instance = new webAssembly.Instance(module, { env: { memory } });
  const exports = instance.exports as unknown as WasmExports;
  exports.initialize();
  return { exports, memory: new Uint8Array(memory.buffer) };
}

function compiledModule(): WebAssemblyModule | null {
  if (compiled === undefined) {
    const bytes = decodeBase64(wasmBase64);
    compiled = webAssembly?.validate(bytes) ? new webAssembly.Module(bytes) : null;
  }
  return compiled;
}

function decodeBase64(text: string): Uint8Array {
  const { fromBase64 } = Uint8Array as { fromBase64?: (text: string) => Uint8Array };
  if (fromBase64 !== undefined) return fromBase64.call(Uint8Array, text);
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
