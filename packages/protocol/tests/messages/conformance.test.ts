import { describe, expect, test } from 'vitest';
import * as protocol from '../../src/index.ts';
import { ErrorCode, errorByCode, ZERO_UUID } from '../../src/index.ts';
import { defaultOf } from '../../src/schema/default-value.ts';
import { inVersion, isNullable, isTagged, NEVER, type Spec } from '../../src/schema/field.ts';
import { facts, haveFacts } from '../facts.ts';
import { camel, plain } from './plain-value.ts';
import { type AnyMessage, schemas } from './schemas.ts';

interface FieldFact {
  readonly name: string;
  readonly type: string;
  readonly versions: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly tag?: number;
  readonly default?: unknown;
  readonly ignorable?: boolean;
  readonly flexibleVersions?: string;
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
interface MessageFact {
  readonly name: string;
  readonly validVersions: string;
  readonly flexibleVersions: string;
  readonly fields: readonly FieldFact[];
}
type RecordFact = MessageFact | { readonly key: MessageFact; readonly value: MessageFact };
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

/** A field of a struct says its versions only where they are fewer than the struct's, so all is compared within those: `versions`. */
function compare(
  fields: readonly FieldFact[],
  spec: Spec,
  versions: readonly number[],
  max: number,
  path: string,
): void {
  expect(
    (spec.fields ?? []).map(([name]) => name),
    path,
  ).toEqual(fields.map((field) => camel(field.name)));
  for (const fact of fields) {
    const where = `${path}.${camel(fact.name)}`;
    const found = spec.fields?.find(([name]) => name === camel(fact.name))?.[1];
    if (found === undefined) throw new Error(`${where} is missing`);
    const present = versions.filter(within(fact.versions, max));
    expect(
      versions.filter((version) => inVersion(found, version)),
      `${where} versions`,
    ).toEqual(present);
    expect(
      present.filter((version) => isNullable(found, version)),
      `${where} null`,
    ).toEqual(present.filter(within(fact.nullableVersions, max)));
    expect(
      present.filter((version) => isTagged(found, version)),
      `${where} tagged`,
    ).toEqual(present.filter(within(fact.taggedVersions, max)));
    expect(found.tag, where).toBe(fact.tag ?? -1);
    expect(found.inflexible, `${where} inflexible`).toBe(fact.flexibleVersions === 'none');
    expect(found.ignorable, `${where} ignorable`).toBe(fact.ignorable ?? false);
    const element = fact.type.startsWith('[]') ? found.element : found;
    if (fact.type.startsWith('[]')) expect(found.kind, where).toBe('array');
    const type = fact.type.replace('[]', '');
    expect(element?.kind, `${where} type`).toBe(/^[a-z]/.test(type) ? type : 'struct');
    expect(plain(defaultOf(found), found, max), `${where} default`).toEqual(defaultFact(fact));
    if (fact.fields !== undefined && element !== undefined) compare(fact.fields, element, present, max, where);
  }
}

/** What a field holds where nothing is said, as the facts tell it. */
function defaultFact(fact: FieldFact): unknown {
  if (fact.type.startsWith('[]')) return fact.default === null ? null : [];
  if (fact.type === 'int64') return Math.min(Number(fact.default ?? 0), Number.MAX_SAFE_INTEGER);
  if (fact.default !== undefined) return fact.default;
  if (fact.fields !== undefined)
    return Object.fromEntries(fact.fields.map((field) => [camel(field.name), defaultFact(field)]));
  switch (fact.type) {
    case 'bool':
      return false;
    case 'string':
      return '';
    case 'uuid':
      return ZERO_UUID;
    case 'bytes':
      return { hex: '' };
    case 'records':
      return fact.nullableVersions === undefined ? { hex: '' } : null;
    default:
      return 0;
  }
}

function compareMessage(fact: MessageFact, message: AnyMessage): void {
  const [min, max] = range(fact.validVersions, NEVER) ?? [0, 0];
  const versions = versionsWhere(max, min, () => true);
  expect([message.name, message.versions]).toEqual([fact.name, { min, max }]);
  expect(
    versions.filter((version) => version >= message.flexibleSince),
    fact.name,
  ).toEqual(versions.filter(within(fact.flexibleVersions, max)));
  compare(fact.fields, message.spec, versions, max, fact.name);
}

describe.skipIf(!haveFacts)('against the facts (skipped where ../shared/kafka is absent)', () => {
  test('every API: versions, fields, types, nullability, tags, defaults', () => {
    const known = facts<{ apis: readonly ApiFact[] }>('apis.json').apis;
    expect(protocol.apis.map((api) => api.key)).toEqual(known.map((api) => api.key));
    for (const fact of known) {
      const api = protocol.apis[fact.key];
      if (api === undefined) throw new Error(fact.name);
      const { validVersions, flexibleVersions } = fact;
      expect([api.name, api.listeners, api.latestVersionUnstable]).toEqual([
        fact.name,
        fact.listeners,
        fact.latestVersionUnstable ?? false,
      ]);
      expect([api.versions, api.flexibleSince]).toEqual([api.request.versions, api.request.flexibleSince]);
      compareMessage(
        { name: `${fact.name}Request`, validVersions, flexibleVersions, fields: fact.request },
        api.request,
      );
      compareMessage(
        { name: `${fact.name}Response`, validVersions, flexibleVersions, fields: fact.response },
        api.response,
      );
    }
  });

  test('both headers', () => {
    const { headers } = facts<{ headers: { request: MessageFact; response: MessageFact } }>('apis.json');
    compareMessage(headers.request, protocol.RequestHeader);
    compareMessage(headers.response, protocol.ResponseHeader);
  });

  test('every coordinator record, control record and message of the consumer protocol', () => {
    const known = facts<Readonly<Record<string, unknown>>>('records.json');
    const compared = [
      '__consumer_offsets',
      '__transaction_state',
      '__share_group_state',
      'consumerProtocol',
      'controlRecords',
      'logFiles',
    ]
      .flatMap((section) => known[section] as readonly RecordFact[])
      .flatMap((fact) => ('fields' in fact ? [fact] : [fact.key, fact.value]));
    for (const fact of compared) {
      const message = schemas.get(fact.name);
      if (message === undefined) throw new Error(`no schema for ${fact.name}`);
      compareMessage(fact, message);
    }
    expect(compared.length).toBe(61);
  });

  test('what a broker of the release serves and advertises', () => {
    const { brokerVersionsByRelease, advertisedOverrides } = facts<{
      brokerVersionsByRelease: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>>;
      advertisedOverrides: readonly { key: number; releases: string; advertisedMin: number; servedMin: number }[];
    }>('apis.json');
    const served = Object.entries(brokerVersionsByRelease[protocol.brokerRelease] ?? {});
    expect([...protocol.brokerVersions]).toEqual(served.map(([key, [min, max]]) => [Number(key), { min, max }]));
    const override = advertisedOverrides.find(({ releases }) => releases === '4.0+');
    expect(override).toMatchObject({ key: 0, servedMin: 3 });
    expect([...protocol.advertisedVersions]).toEqual(
      served.map(([key, [min, max]]) => [
        Number(key),
        { min: Number(key) === override?.key ? override.advertisedMin : min, max },
      ]),
    );
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
});

test.runIf(!haveFacts)('the facts are absent: nothing above was compared', () => {
  console.warn('SKIPPED: ../shared/kafka is not there, so the schemas were not compared with the protocol facts.');
});

test('CI has the facts', () => {
  expect(haveFacts || process.env['CI'] !== 'true').toBe(true);
});
