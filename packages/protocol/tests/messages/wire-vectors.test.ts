import { expect, test } from 'vitest';
import { joinFrame, Reader, Writer } from '../../src/index.ts';
import { closures } from '../../src/schema/closures.ts';
import { defaultOf } from '../../src/schema/default-value.ts';
import type { Spec } from '../../src/schema/field.ts';
import { uuidFromBytes } from '../../src/wire/uuid.ts';
import { facts, haveFacts } from '../facts.ts';
import { camel, plain } from './plain-value.ts';
import { schemas } from './schemas.ts';

interface Vector {
  readonly name: string;
  readonly kind: 'request' | 'response' | 'record' | 'header';
  readonly version: number;
  readonly mode: string;
  readonly hex: string;
  readonly value: unknown;
}

test.skipIf(!haveFacts)(
  'all 1,246 wire vectors, compiled and as closures (skipped where ../shared/kafka is absent)',
  () => {
    const vectors = facts<readonly Vector[]>('wire-vectors.json');
    for (const vector of vectors) {
      const name =
        vector.kind === 'request'
          ? `${vector.name}Request`
          : vector.kind === 'response'
            ? `${vector.name}Response`
            : vector.name;
      const message = schemas.get(name);
      if (message === undefined) throw new Error(`no schema for ${name}`);
      const bytes = Uint8Array.from(Buffer.from(vector.hex, 'hex'));
      const where = `${name} v${vector.version} ${vector.mode}`;
      const codec = message.codec(vector.version);
      const reader = new Reader(bytes);
      const decoded = codec.decode(reader);
      expect(reader.remaining, where).toBe(0);
      expect(plain(decoded, message.spec, vector.version), where).toEqual(
        wanted(vector.value, message.spec, vector.version),
      );
      const writer = new Writer();
      codec.encode(writer, decoded);
      if (!beyondSafe(vector.value))
        expect(Buffer.from(joinFrame(writer.finish())).toString('hex'), where).toBe(vector.hex);
      const slow = closures(message.spec, vector.version, vector.version >= message.flexibleSince);
      expect(slow.decode(new Reader(bytes)), where).toEqual(decoded);
      slow.encode(writer, decoded);
      if (!beyondSafe(vector.value))
        expect(Buffer.from(joinFrame(writer.finish())).toString('hex'), where).toBe(vector.hex);
    }
    expect(vectors.length).toBe(1246);
    console.info(`wire vectors covered: ${vectors.length} of 1246`);
  },
);

/** Whether a value holds a number that a double cannot: it is read saturated and cannot come back. */
function beyondSafe(value: unknown): boolean {
  if (typeof value === 'string') return /^-?\d{16,19}$/.test(value) && !Number.isSafeInteger(Number(value));
  if (Array.isArray(value)) return value.some(beyondSafe);
  return typeof value === 'object' && value !== null && Object.values(value).some(beyondSafe);
}

/** A vector's value in our shape: camelCase names, missing fields at their defaults. */
function wanted(value: unknown, spec: Spec, version: number): unknown {
  if (value === undefined) return plain(defaultOf(spec), spec, version);
  if (value === null) return null;
  if (spec.kind === 'array')
    return (value as readonly unknown[]).map((one) => wanted(one, spec.element ?? spec, version));
  if (spec.kind === 'struct') {
    const fields: Readonly<Record<string, unknown>> = Object.fromEntries(
      Object.entries(value as object).map(([name, one]) => [camel(name), one]),
    );
    return Object.fromEntries((spec.fields ?? []).map(([name, field]) => [name, wanted(fields[name], field, version)]));
  }
  if (spec.kind === 'uuid') return uuidFromBytes(Buffer.from(String(value), 'hex'));
  if (spec.kind === 'int64') return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
  return value;
}
