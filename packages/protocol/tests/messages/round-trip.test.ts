import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Reader, Writer } from '../../src/index.ts';
import { closures } from '../../src/schema/closures.ts';
import { defaultOf } from '../../src/schema/default-value.ts';
import type { Spec } from '../../src/schema/field.ts';
import { arbitraryValue, messageVersion } from './arbitrary-value.ts';

const sample = messageVersion.chain(({ message, version }) =>
  fc.record({
    message: fc.constant(message),
    version: fc.constant(version),
    value: arbitraryValue(message.spec, version),
  }),
);

test('whatever is written is read back, by compiled code and by closures alike', () => {
  fc.assert(
    fc.property(sample, ({ message, version, value }) => {
      const codec = message.codec(version);
      const slow = closures(message.spec, version, version >= message.flexibleSince);
      const writer = new Writer();
      codec.encode(writer, value);
      const bytes = writer.toBytes();
      slow.encode(writer, value);
      expect(writer.toBytes()).toEqual(bytes);

      const reader = new Reader(bytes);
      const decoded = codec.decode(reader);
      expect(reader.remaining).toBe(0);
      expect(decoded).toEqual(filled(value, message.spec));
      expect(slow.decode(new Reader(bytes))).toEqual(decoded);
    }),
    { numRuns: 1000 },
  );
});

test('all that may be left out may be left out: a value of defaults is one of every version that can carry it', () => {
  fc.assert(
    fc.property(messageVersion, ({ message, version }) => {
      const codec = message.codec(version);
      const writer = new Writer();
      const given = defaultOf(message.spec);
      codec.encode(writer, {});
      const bytes = writer.toBytes();
      codec.encode(writer, given);
      expect(writer.toBytes()).toEqual(bytes);
      expect(codec.decode(new Reader(bytes))).toEqual(given);
    }),
    { numRuns: 1000 },
  );
});

/** The value with the fields that the version lacks. */
function filled(value: unknown, spec: Spec): unknown {
  if (value === null || value === undefined) return value === null ? null : defaultOf(spec);
  if (spec.kind === 'array') return (value as readonly unknown[]).map((one) => filled(one, spec.element ?? spec));
  if (spec.kind !== 'struct') return value;
  const fields: Readonly<Record<string, unknown>> = { ...value };
  return Object.fromEntries((spec.fields ?? []).map(([name, field]) => [name, filled(fields[name], field)]));
}
