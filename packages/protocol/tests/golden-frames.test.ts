import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { createCore } from '@ks/core-wasm';
import { describe, expect, test } from 'vitest';
import {
  type AnyApi,
  apis,
  createCodec,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  joinFrame,
  Reader,
  ResponseHeader,
  recordBatchesOf,
  responseHeaderVersion,
} from '../src/index.ts';
import { defaultOf } from '../src/schema/default-value.ts';
import { inVersion, isTagged, type Spec } from '../src/schema/field.ts';

// Frames of foreign clients, recorded on their way to Apache Kafka and to ks by compat/src/golden/record.ts. Beside each lies what
// Kafka's own classes read in it.

interface GoldenFrame {
  readonly api: string;
  readonly version: number;
  readonly direction: 'request' | 'response';
  readonly client: string;
  readonly broker: string;
  readonly hex: string;
  /** Kafka's reading: its JSON converters' output. */
  readonly kafka: {
    readonly header?: { readonly correlationId: number; readonly clientId?: string };
    readonly body?: unknown;
    readonly bytesLeft?: number;
    readonly error?: string;
  };
}

const frames: readonly GoldenFrame[] = JSON.parse(
  readFileSync(new URL('./fixtures/golden-frames.json', import.meta.url), 'utf8'),
);
const named = frames.map((frame, index) => {
  const { api, direction, version, client, broker } = frame;
  return [`${api} v${version} ${direction}, ${client} with ${broker} (${index})`, frame] as const;
});

function apiOf(name: string): AnyApi {
  const found = apis.find((api) => api.name === name);
  if (found === undefined) throw new Error(`no API ${name}`);
  return found;
}

/** Our value as Kafka's JSON converters print it: fields of the version, tagged ones only if they were sent, bytes as base64. */
function asKafkaPrints(value: unknown, spec: Spec, version: number): unknown {
  if (value === null) return null;
  if (spec.kind === 'array' && Array.isArray(value))
    return value.map((one) => asKafkaPrints(one, spec.element ?? spec, version));
  if (spec.kind === 'struct' && typeof value === 'object') {
    const fields: Readonly<Record<string, unknown>> = { ...value };
    const entries: (readonly [string, unknown])[] = [];
    for (const [name, field] of spec.fields ?? []) {
      if (!inVersion(field, version)) continue;
      const one = fields[name];
      if (isTagged(field, version) && isDeepStrictEqual(one, defaultOf(field))) continue;
      if (field.kind === 'records') entries.push([`${name}SizeInBytes`, one instanceof Uint8Array ? one.length : 0]);
      else entries.push([name, asKafkaPrints(one, field, version)]);
    }
    return Object.fromEntries(entries);
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value;
}

describe('golden frames', () => {
  test.each(named)('%s', (_, frame) => {
    const api = apiOf(frame.api);
    const bytes = Uint8Array.from(Buffer.from(frame.hex, 'hex'));
    const message = frame.direction === 'request' ? api.request : api.response;
    let body: unknown;
    let again: Uint8Array;
    if (frame.direction === 'request') {
      const reader = new Reader(bytes);
      const head = decodeRequestHeader(reader, (key) => apis.find((one) => one.key === key));
      expect(head).toEqual({
        apiKey: api.key,
        apiVersion: frame.version,
        correlationId: frame.kafka.header?.correlationId,
        clientId: frame.kafka.header?.clientId,
      });
      body = message.codec(frame.version).decode(reader);
      expect(reader.remaining).toBe(frame.kafka.bytesLeft);
      again = joinFrame(encodeRequest(api, frame.version, head, body));
    } else {
      const decoded = decodeResponse(api, frame.version, bytes);
      expect(decoded.correlationId).toBe(frame.kafka.header?.correlationId);
      body = decoded.body;
      again = joinFrame(encodeResponse(api, frame.version, decoded.correlationId, body));
    }
    expect(asKafkaPrints(body, message.spec, frame.version)).toEqual(frame.kafka.body);
    expect(Buffer.from(again.subarray(4)).toString('hex')).toBe(frame.hex);
  });
});

/** Every value of kind records inside a decoded message. */
function* recordsIn(value: unknown, spec: Spec): Generator<Uint8Array> {
  if (value instanceof Uint8Array) {
    if (spec.kind === 'records') yield value;
  } else if (Array.isArray(value)) for (const one of value) yield* recordsIn(one, spec.element ?? spec);
  else if (typeof value === 'object' && value !== null) {
    const fields: Readonly<Record<string, unknown>> = { ...value };
    for (const [name, field] of spec.fields ?? []) yield* recordsIn(fields[name], field);
  }
}

test('the record batches of foreign producers have sound checksums and the records that were sent', async () => {
  const core = createCore();
  const codec = createCodec(core);
  const found = new Map<string, Set<string>>();
  for (const frame of frames.filter(({ api }) => api === 'Produce' || api === 'Fetch')) {
    const api = apiOf(frame.api);
    const message = frame.direction === 'request' ? api.request : api.response;
    const reader = new Reader(Uint8Array.from(Buffer.from(frame.hex, 'hex')));
    if (frame.direction === 'request') decodeRequestHeader(reader, () => api);
    else ResponseHeader.codec(responseHeaderVersion(api, frame.version)).decode(reader);
    for (const records of recordsIn(message.codec(frame.version).decode(reader), message.spec))
      for (const batch of recordBatchesOf(records)) {
        expect(batch.isCrcValid(core)).toBe(true);
        const who = `${frame.client} ${batch.isControl ? 'control' : batch.compression}`;
        const values = found.get(who) ?? new Set();
        found.set(who, values);
        for (const { value } of batch.records(await batch.decompress(codec, 100_000)))
          values.add(batch.isControl ? 'marker' : Buffer.from(value ?? []).toString());
      }
  }
  const all = (prefix: string): string[] =>
    [...found].flatMap(([who, values]) => (who.startsWith(prefix) ? [...values] : []));
  expect(all('kcat')).toContain('value value value value value value');
  expect(all('kafkajs')).toEqual(expect.arrayContaining(['value', '']));
  expect(all('@platformatic')).toContain('value');
  expect(all('Java')).toEqual(expect.arrayContaining(['1', '2']));
});

test('the set holds every client, against both brokers', () => {
  const pairs = new Set(frames.map(({ client, broker }) => `${client.split(' ')[0]} ${broker.split(' ')[0]}`));
  const clients = ['kcat', 'kafkajs', '@platformatic/kafka', 'confluent-kafka', 'kafka-python', 'Java'];
  expect([...pairs]).toEqual(expect.arrayContaining(clients.flatMap((one) => [`${one} Apache`, `${one} ks`])));
});
