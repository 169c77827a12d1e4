import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProtocolError, Reader, Writer } from '../../src/index.ts';
import { INITIAL_CAPACITY_MAX } from '../../src/wire/reader.ts';
import { arbitraryValue, messageVersion } from './arbitrary-value.ts';
import type { AnyMessage } from './schemas.ts';

/** Counts the room that arrays get before their elements are read. */
class CountingReader extends Reader {
  slots = 0;
  #count(length: number): number {
    this.slots += Math.max(0, Math.min(length, INITIAL_CAPACITY_MAX));
    return length;
  }
  override arrayLength(elementBytes: number): number {
    return this.#count(super.arrayLength(elementBytes));
  }
  override nullableArrayLength(elementBytes: number): number {
    return this.#count(super.nullableArrayLength(elementBytes));
  }
  override compactArrayLength(elementBytes: number): number {
    return this.#count(super.compactArrayLength(elementBytes));
  }
  override compactNullableArrayLength(elementBytes: number): number {
    return this.#count(super.compactNullableArrayLength(elementBytes));
  }
}

/** Arrays inside arrays: none of Kafka's messages goes deeper. */
const DEPTH_MAX = 8;

/** Decodes hostile bytes; undefined if they were refused. Any error but ProtocolError fails the test. */
function decode(message: AnyMessage, version: number, bytes: Uint8Array): unknown {
  const reader = new CountingReader(bytes);
  try {
    const value: unknown = message.codec(version).decode(reader);
    expect(reader.position).toBeLessThanOrEqual(bytes.length);
    return value;
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ messageName: message.name, version });
    return undefined;
  } finally {
    // Each element takes a byte at least, so only the arrays that are still being read can hold more room than bytes.
    expect(reader.slots).toBeLessThanOrEqual(bytes.length + DEPTH_MAX * INITIAL_CAPACITY_MAX);
  }
}

/** What was accepted must mean something: written and read again, it is the same, and from then on so are the bytes. */
function expectStable(message: AnyMessage, version: number, first: unknown): void {
  const writer = new Writer();
  try {
    message.codec(version).encode(writer, first);
  } catch (error) {
    // Invalid UTF-8 grows threefold as replacement characters, and may then be too long for the old encoding of a string.
    expect(error).toBeInstanceOf(ProtocolError);
    expect(String(error)).toContain('is longer than 32767');
    return;
  }
  const bytes = writer.toBytes();
  const second: unknown = message.codec(version).decode(new Reader(bytes));
  expect(second).toEqual(first);
  message.codec(version).encode(writer, second);
  expect(writer.toBytes()).toEqual(bytes);
}

test('random bytes are refused or mean something', () => {
  // Small numbers make lengths that can be true.
  const byte = fc.oneof({ weight: 3, arbitrary: fc.nat(4) }, { weight: 1, arbitrary: fc.nat(255) });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.array(byte, { maxLength: 400 }).map((values) => Uint8Array.from(values)),
  );
  let accepted = 0;
  fc.assert(
    fc.property(messageVersion, bytes, ({ message, version }, input) => {
      const value = decode(message, version, input);
      if (value === undefined) return;
      accepted++;
      expectStable(message, version, value);
    }),
    { numRuns: 5000 },
  );
  expect(accepted).toBeGreaterThan(50);
});

test('valid bytes with some changed, cut or doubled are refused or mean something', () => {
  const sample = messageVersion.chain(({ message, version }) =>
    fc.record({
      message: fc.constant(message),
      version: fc.constant(version),
      value: arbitraryValue(message.spec, version),
    }),
  );
  const change = fc.record({
    at: fc.nat(),
    to: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
    kind: fc.constantFrom('set', 'set', 'cut', 'double'),
  });
  let accepted = 0;
  fc.assert(
    fc.property(sample, fc.array(change, { minLength: 1, maxLength: 4 }), ({ message, version, value }, changes) => {
      const writer = new Writer();
      message.codec(version).encode(writer, value);
      let bytes = writer.toBytes();
      for (const { at, to, kind } of changes) {
        const where = bytes.length === 0 ? 0 : at % bytes.length;
        if (kind === 'cut') bytes = bytes.slice(0, where);
        else if (kind === 'double')
          bytes = Uint8Array.from([...bytes.subarray(0, where), ...bytes.subarray(where >> 1)]);
        else if (bytes.length > 0) bytes[where] = to;
      }
      const decoded = decode(message, version, bytes);
      if (decoded === undefined) return;
      accepted++;
      expectStable(message, version, decoded);
    }),
    { numRuns: 3000 },
  );
  expect(accepted).toBeGreaterThan(50);
});

test('every prefix of a message is refused', () => {
  const sample = messageVersion.chain(({ message, version }) =>
    fc.record({
      message: fc.constant(message),
      version: fc.constant(version),
      value: arbitraryValue(message.spec, version),
    }),
  );
  fc.assert(
    fc.property(
      sample,
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      ({ message, version, value }, part) => {
        const writer = new Writer();
        message.codec(version).encode(writer, value);
        const bytes = writer.toBytes();
        if (bytes.length === 0) return;
        expect(decode(message, version, bytes.subarray(0, Math.floor(part * bytes.length)))).toBe(undefined);
      },
    ),
    { numRuns: 1000 },
  );
});
