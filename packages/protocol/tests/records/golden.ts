import { readFileSync } from 'node:fs';

/** The golden vectors, for tests. */
export interface GoldenRecord {
  readonly ts: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

interface Golden {
  readonly inputs: {
    readonly T: number;
    readonly R3: readonly GoldenRecord[];
    readonly R5: readonly GoldenRecord[];
    readonly M3: readonly GoldenRecord[];
  };
  readonly batches: readonly { readonly name: string; readonly about: string; readonly hex: string }[];
  readonly varints: Readonly<Record<string, string>>;
}

const golden = JSON.parse(readFileSync(new URL('./fixtures/golden.json', import.meta.url), 'utf8')) as Golden;

export const goldenInputs = golden.inputs;
export const goldenVarints = golden.varints;
export const goldenBatchNames: readonly string[] = golden.batches.map((batch) => batch.name);

/** Fresh bytes of the named batch. */
export function goldenBatch(name: string): Uint8Array {
  const found = golden.batches.find((batch) => batch.name === name);
  if (found === undefined) throw new Error(`no golden batch ${name}`);
  return new Uint8Array(Buffer.from(found.hex, 'hex'));
}
