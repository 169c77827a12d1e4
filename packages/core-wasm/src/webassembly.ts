/** What this package uses of WebAssembly, which TypeScript declares for browsers only. */
export interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => WebAssemblyModule;
  readonly Memory: new (limits: { initial: number; maximum: number }) => WebAssemblyMemory;
  readonly Instance: new (
    module: WebAssemblyModule,
    imports: { env: { memory: WebAssemblyMemory } },
  ) => WebAssemblyInstance;
  validate(bytes: Uint8Array): boolean;
}

/** A compiled module; nothing of it is of interest but that it is one. */
export type WebAssemblyModule = { readonly __module: never };

/** Linear memory, in pages of 64 KB. */
export interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}

/** A module with memory. */
export interface WebAssemblyInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Bytes of a page of linear memory. */
export const PAGE_BYTES = 65536;

declare const WebAssembly: WebAssemblyApi | undefined;

/** WebAssembly, where the runtime has it. */
export const webAssembly: WebAssemblyApi | undefined = typeof WebAssembly === 'undefined' ? undefined : WebAssembly;
