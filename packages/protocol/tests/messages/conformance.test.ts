import { describe, expect, test } from 'vitest';
import * as protocol from '../../src/index.ts';
import { ErrorCode, errorByCode, joinFrame, type Message, Reader, Writer } from '../../src/index.ts';
import { closures } from '../../src/schema/closures.ts';
import { defaultOf } from '../../src/schema/default-value.ts';
import { isNullable, NEVER, type Spec } from '../../src/schema/field.ts';
import { uuidFromBytes } from '../../src/wire/uuid.ts';
import { facts, haveFacts } from '../facts.ts';

interface FieldFact {
  readonly name: string;
  readonly type: string;
  readonly versions: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly tag?: number;
  readonly default?: unknown;
  readonly ignorable?: boolean;
  readonly fields?: readonly FieldFact[];
}
interface ApiFact {
  readonly key: number;
  readonly name: string;
  readonly validVersions: string;
  readonly flexibleVersions: string;
  readonly listeners: readonly string[];
  readonly latestVersionUnstable?: boolean;
  readonly request: readonly FieldFact[];
  readonly response: readonly FieldFact[];
}
interface Vector {
  readonly name: string;
  readonly kind: 'request' | 'response' | 'record' | 'header';
  readonly version: number;
  readonly mode: string;
  readonly hex: string;
  readonly value: unknown;
}

// biome-ignore lint/suspicious/noExplicitAny: the test walks messages of every type.
type AnyMessage = Message<any, any>;
const camel = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

function range(text: string, max: number): readonly [number, number] | undefined {
  if (text === 'none') return undefined;
  const [from, to] = text.split(/[-+]/);
  const last = text.includes('+') ? max : Number(to ?? from);
  return [Number(from), Math.min(last, max)];
}

function versionsWhere(max: number, min: number, holds: (version: number) => boolean): readonly number[] {
  return Array.from({ length: max - min + 1 }, (_, index) => min + index).filter(holds);
}

function within(text: string | undefined, max: number): (version: number) => boolean {
  const found = text === undefined ? undefined : range(text, max);
  return (version) => found !== undefined && version >= found[0] && version <= found[1];
}

function compare(fields: readonly FieldFact[], spec: Spec, min: number, max: number, path: string): void {
  expect(
    (spec.fields ?? []).map(([name]) => name),
    path,
  ).toEqual(fields.map((field) => camel(field.name)));
  for (const fact of fields) {
    const where = `${path}.${camel(fact.name)}`;
    const found = spec.fields?.find(([name]) => name === camel(fact.name))?.[1];
    if (found === undefined) throw new Error(`${where} is missing`);
    const present = within(fact.versions, max);
    expect(
      versionsWhere(max, min, (version) => version >= found.since && version <= found.until),
      `${where} versions`,
    ).toEqual(versionsWhere(max, min, present));
    expect(
      versionsWhere(max, min, (version) => present(version) && isNullable(found, version)),
      `${where} null`,
    ).toEqual(versionsWhere(max, min, (version) => present(version) && within(fact.nullableVersions, max)(version)));
    expect(
      versionsWhere(max, min, (version) => present(version) && found.tag >= 0 && version >= found.taggedSince),
      `${where} tagged`,
    ).toEqual(versionsWhere(max, min, (version) => present(version) && within(fact.taggedVersions, max)(version)));
    if (fact.taggedVersions !== undefined) expect(found.tag, where).toBe(fact.tag);
    expect(found.ignorable, `${where} ignorable`).toBe(fact.ignorable ?? false);
    const element = fact.type.startsWith('[]') ? found.element : found;
    if (fact.type.startsWith('[]')) expect(found.kind, where).toBe('array');
    const type = fact.type.replace('[]', '');
    expect(element?.kind, `${where} type`).toBe(/^[a-z]/.test(type) ? type : 'struct');
    if ('default' in fact && typeof fact.default !== 'string')
      expect(found.default, `${where} default`).toBe(fact.default);
    if (fact.fields !== undefined && element !== undefined) compare(fact.fields, element, min, max, where);
  }
}

describe.skipIf(!haveFacts)('against the facts (skipped where ../shared/kafka is absent)', () => {
  test('every API: versions, fields, types, nullability, tags, defaults', () => {
    const known = facts<{ apis: readonly ApiFact[] }>('apis.json').apis;
    expect(protocol.apis.map((api) => api.key)).toEqual(known.map((api) => api.key));
    for (const fact of known) {
      const api = protocol.apis[fact.key];
      if (api === undefined) throw new Error(fact.name);
      const [min, max] = range(fact.validVersions, NEVER) ?? [0, 0];
      expect([api.name, api.versions, api.listeners, api.latestVersionUnstable]).toEqual([
        fact.name,
        { min, max },
        fact.listeners,
        fact.latestVersionUnstable ?? false,
      ]);
      expect(
        versionsWhere(max, min, (version) => version >= api.flexibleSince),
        fact.name,
      ).toEqual(versionsWhere(max, min, within(fact.flexibleVersions, max)));
      compare(fact.request, api.request.spec, min, max, api.request.name);
      compare(fact.response, api.response.spec, min, max, api.response.name);
    }
  });

  test('every error code', () => {
    for (const fact of facts<readonly { code: number; name: string; retriable: boolean; refreshMetadata?: boolean }[]>(
      'errors.json',
    )) {
      expect(ErrorCode[fact.name as keyof typeof ErrorCode]).toBe(fact.code);
      expect(errorByCode(fact.code)).toMatchObject({
        name: fact.name,
        retriable: fact.retriable,
        refreshMetadata: fact.refreshMetadata ?? false,
      });
    }
  });

  test('all 1,246 wire vectors, compiled and as closures', () => {
    const vectors = facts<readonly Vector[]>('wire-vectors.json');
    const messages = new Map<string, AnyMessage>();
    for (const api of protocol.apis) for (const one of [api.request, api.response]) messages.set(one.name, one);
    for (const one of Object.values(protocol)) if (isMessage(one)) messages.set(one.name, one);
    for (const vector of vectors) {
      const name =
        vector.kind === 'request'
          ? `${vector.name}Request`
          : vector.kind === 'response'
            ? `${vector.name}Response`
            : vector.name;
      const message = messages.get(name);
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
  });
});

test('CI has the facts', () => {
  expect(haveFacts || process.env['CI'] !== 'true').toBe(true);
});

function isMessage(value: unknown): value is AnyMessage {
  return typeof value === 'object' && value !== null && 'codec' in value && 'spec' in value && 'flexibleSince' in value;
}

/** Whether a value holds a number that a double cannot: it is read saturated and cannot come back. */
function beyondSafe(value: unknown): boolean {
  if (typeof value === 'string') return /^-?\d{16,19}$/.test(value) && !Number.isSafeInteger(Number(value));
  if (Array.isArray(value)) return value.some(beyondSafe);
  return typeof value === 'object' && value !== null && Object.values(value).some(beyondSafe);
}

/** A decoded value with its bytes as hexadecimal text. */
function plain(value: unknown, spec: Spec, version: number): unknown {
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map((one) => plain(one, spec.element ?? spec, version));
  if (typeof value === 'object' && value !== null) {
    const fields: Readonly<Record<string, unknown>> = { ...value };
    return Object.fromEntries((spec.fields ?? []).map(([name, field]) => [name, plain(fields[name], field, version)]));
  }
  return value;
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
