import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { silentDiagnostics } from '../ports/diagnostics.ts';
import { encodeMetrics, type MetricPoint } from './otlp-metrics.ts';
import { TelemetryMeter } from './telemetry-meter.ts';

/** The fields of a message by number, as another reader of Protobuf sees them. */
function fieldsOf(bytes: Uint8Array): Map<number, (Uint8Array | number | bigint)[]> {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | number | bigint)[]>();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const value =
      type === WireType.LengthDelimited
        ? reader.bytes()
        : type === WireType.Varint
          ? reader.uint32()
          : reader.sfixed64();
    fields.set(field, [...(fields.get(field) ?? []), typeof value === 'string' ? BigInt(value) : value]);
  }
  return fields;
}

type Fields = ReturnType<typeof fieldsOf>;
const messages = (fields: Fields, field: number): Fields[] =>
  (fields.get(field) ?? []).map((value) => fieldsOf(value instanceof Uint8Array ? value : new Uint8Array(0)));
const text = (fields: Fields, field: number): string => {
  const [value] = fields.get(field) ?? [];
  return Buffer.from(value instanceof Uint8Array ? value : []).toString();
};
const double = (value: bigint): number => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, value);
  return view.getFloat64(0);
};

/** The points in OTLP's bytes. */
function decoded(bytes: Uint8Array): MetricPoint[] {
  const scopes = messages(fieldsOf(bytes), 1).flatMap((resource) => messages(resource, 2));
  return scopes
    .flatMap((scope) => messages(scope, 2))
    .flatMap((metric) => {
      const kind = metric.has(5) ? 'gauge' : 'sum';
      return messages(metric, kind === 'gauge' ? 5 : 7)
        .flatMap((values) => messages(values, 1))
        .map((point): MetricPoint => {
          const [real] = point.get(4) ?? [];
          const [whole] = point.get(6) ?? [];
          const attributes = messages(point, 7).map((pair) => {
            return [text(pair, 1), messages(pair, 2).map((any) => text(any, 1))[0] ?? ''] as const;
          });
          const value = typeof real === 'bigint' ? double(real) : Number(whole);
          return { name: text(metric, 1), kind, value, attributes: Object.fromEntries(attributes) };
        });
    });
}

describe('metrics', () => {
  test('are read by another reader as they were', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 });
    const value = fc.oneof(fc.maxSafeInteger(), fc.double({ noNaN: true })).map((one) => (one === 0 ? 0 : one));
    const labels = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), name, { maxKeys: 3, noNullPrototype: true });
    const point = fc.record({ value, attributes: labels });
    const metric = fc.record({
      name,
      kind: fc.constantFrom<MetricPoint['kind']>('sum', 'gauge'),
      points: fc.array(point, { minLength: 1, maxLength: 4 }),
    });
    const metrics = fc.uniqueArray(metric, { selector: (one) => one.name, maxLength: 10 });
    fc.assert(
      fc.property(metrics, fc.boolean(), (some, isDelta) => {
        const points = some.flatMap(({ points: of, ...about }) => of.map((one) => ({ ...about, ...one })));
        expect(
          decoded(encodeMetrics(points, { startMs: 1_700_000_000_000, endMs: 1_800_000_000_000, isDelta })),
        ).toEqual(points);
      }),
    );
  });
});

describe('the meter', () => {
  const request = {
    clientId: 'c',
    broker: 'host:9092 (id 7)',
    api: 'Produce',
    version: 9,
    responseBytes: 1,
    error: undefined,
  };
  const produced = {
    clientId: 'c',
    topic: 't',
    partition: 0,
    bytes: 1,
    durationMs: 1,
    attempts: 1,
    baseOffset: 0,
    error: undefined,
  };

  test('measures nothing until somebody wants to know', () => {
    const meter = new TelemetryMeter();
    const diagnostics = meter.tap(silentDiagnostics);
    expect(diagnostics.produce.hasSubscribers).toBe(false);
    diagnostics.produce.publish({ ...produced, records: 5 });
    meter.isOn = true;
    expect(diagnostics.produce.hasSubscribers).toBe(true);
    expect(meter.collect(['*'], true)).toEqual([]);
  });

  test('gives totals or what came since, averages and maxima of a time, by what names begin with', () => {
    const meter = new TelemetryMeter();
    const diagnostics = meter.tap(silentDiagnostics);
    meter.isOn = true;
    const values = (prefixes: readonly string[], isDelta: boolean) =>
      Object.fromEntries(meter.collect(prefixes, isDelta).map(({ name, value }) => [name, value]));
    diagnostics.produce.publish({ ...produced, records: 5 });
    diagnostics.request.publish({ ...request, durationMs: 10 });
    diagnostics.request.publish({ ...request, durationMs: 20 });
    expect(values(['org.apache.kafka.producer.'], true)).toEqual({
      'org.apache.kafka.producer.record.send.total': 5,
      'org.apache.kafka.producer.node.request.latency.avg': 15,
      'org.apache.kafka.producer.node.request.latency.max': 20,
    });
    diagnostics.produce.publish({ ...produced, records: 2 });
    expect(values([''], true)).toEqual({ 'org.apache.kafka.producer.record.send.total': 2 });
    expect(values(['*'], false)).toEqual({ 'org.apache.kafka.producer.record.send.total': 7 });
    expect(values(['org.apache.kafka.consumer'], false)).toEqual({});
    expect(meter.collect(['*'], true)).toMatchObject([{ attributes: {} }]);
    diagnostics.request.publish({ ...request, durationMs: 30 });
    expect(meter.collect(['*'], true).at(-1)).toMatchObject({ kind: 'gauge', attributes: { node_id: '7' } });
  });

  test('lets others hear what it hears', () => {
    const heard: unknown[] = [];
    const channel = { hasSubscribers: true, publish: (event: unknown) => heard.push(event) };
    const diagnostics = new TelemetryMeter().tap({ ...silentDiagnostics, produce: channel });
    diagnostics.produce.publish({ ...produced, records: 1 });
    expect(heard).toHaveLength(1);
  });
});
