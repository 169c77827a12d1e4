import fc from 'fast-check';
import { inVersion, isNullable, type Spec } from '../../src/schema/field.ts';
import { type AnyMessage, schemas } from './schemas.ts';

/** One version of one message. */
export const messageVersion: fc.Arbitrary<{ readonly message: AnyMessage; readonly version: number }> = fc
  .constantFrom(...schemas.values())
  .chain((message) => fc.record({ message: fc.constant(message), version: fc.integer(message.versions) }));

/** A value of that version as a decoder would give it: every field there, those that the version lacks at their defaults. */
export function arbitraryValue(spec: Spec, version: number): fc.Arbitrary<unknown> {
  const value = present(spec, version);
  return isNullable(spec, version) ? fc.option(value, { nil: null, freq: 4 }) : value;
}

function present(spec: Spec, version: number): fc.Arbitrary<unknown> {
  switch (spec.kind) {
    case 'bool':
      return fc.boolean();
    case 'int8':
      return fc.integer({ min: -128, max: 127 });
    case 'int16':
      return fc.integer({ min: -32768, max: 32767 });
    case 'uint16':
      return fc.nat(65535);
    case 'int32':
      return fc.integer();
    case 'uint32':
      return fc.nat(4294967295);
    case 'int64':
      return fc.maxSafeInteger();
    case 'int64Exact':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'float64':
      return fc.double({ noNaN: true });
    case 'uuid':
      return fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 60, size: 'max' });
    case 'bytes':
    case 'records':
      return fc.uint8Array({ maxLength: 1500 });
    case 'array':
      return fc.array(arbitraryValue(spec.element ?? spec, version), { maxLength: 4 });
    case 'struct':
      return fc.record(
        Object.fromEntries(
          (spec.fields ?? [])
            .filter(([, field]) => inVersion(field, version))
            .map(([name, field]) => [name, arbitraryValue(field, version)]),
        ),
        { noNullPrototype: true },
      );
  }
}
