import type { Reader } from '../wire/reader.ts';
import type { Writer } from '../wire/writer.ts';
import { closures } from './closures.ts';
import { isDefault } from './default-value.ts';
import { emitDecode } from './emit-decode.ts';
import { emitEncode } from './emit-encode.ts';
import type { Spec } from './field.ts';
import { refuseNull, refuseToDrop } from './refusals.ts';

/** A codec before its types are known. */
export interface RawCodec {
  encode(writer: Writer, value: unknown): void;
  decode(reader: Reader): unknown;
}

let evalAllowed: boolean | undefined;

function canCompile(): boolean {
  if (evalAllowed === undefined) {
    try {
      evalAllowed = new Function('return true')() === true;
    } catch {
      evalAllowed = false; // A host with a content security policy: closures do the same, slower.
    }
  }
  return evalAllowed;
}

/** The codec of a message's version: straight-line JavaScript where the host allows it, closures elsewhere. */
export function compile(name: string, spec: Spec, version: number, flexible: boolean): RawCodec {
  return canCompile() ? compileSource(name, spec, version, flexible) : closures(spec, version, flexible);
}

/** The compiled codec; throws where the host forbids it. Schemas are our own, so no text of a peer ever reaches the compiler. */
export function compileSource(name: string, spec: Spec, version: number, flexible: boolean): RawCodec {
  const constants: unknown[] = [];
  const source = [
    `return {`,
    `encode: function ${name}V${version}Encode(w, v) {\n${emitEncode(spec, version, flexible, constants)}\n},`,
    `decode: function ${name}V${version}Decode(r) {\n${emitDecode(spec, version, flexible, constants)}\n}`,
    `}\n//# sourceURL=ks-protocol/${name}-v${version}.js`,
  ].join('\n');
  return new Function('k', 'isDefault', 'refuseToDrop', 'refuseNull', source)(
    constants,
    isDefault,
    refuseToDrop,
    refuseNull,
  );
}
