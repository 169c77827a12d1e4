import { readFileSync } from 'node:fs';
import { toJson } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schemaRegistry } from '../../src/adapters/schema-registry.ts';
import { LineSchema, OrderSchema } from './acme.ts';
import { type Sample, samples } from './samples.ts';
import { type RegistryState, StandInRegistry } from './stand-in-registry.ts';

// What confluent-kafka for Python registered, wrote, and read of ours: see foreign/capture.ts.

interface Fixture {
  readonly registry: RegistryState;
  readonly records: Readonly<Record<string, string>>;
  readonly read: Readonly<Record<string, unknown>>;
  readonly written: Readonly<Record<string, string>>;
}
const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/python-serializers.json', import.meta.url), 'utf8'),
) as Fixture;

describe('records of a registry, beside confluent-kafka for Python', () => {
  let standIn: StandInRegistry;
  let all: readonly Sample[];
  beforeAll(async () => {
    standIn = await StandInRegistry.start(fixture.registry);
    all = samples(schemaRegistry({ url: standIn.url }), 'lookUp');
  });
  afterAll(() => standIn[Symbol.asyncDispose]());

  for (const topic of ['avro', 'protobuf', 'protobuf-nested', 'json']) {
    const sample = (): Sample => all.find((one) => one.topic === topic) as Sample;

    test(`${topic}: what we write is what Python has read`, async () => {
      const { codec, data, json } = sample();
      const bytes = await codec.encode(data, { topic, side: 'value' });
      expect(Buffer.from(bytes).toString('hex')).toBe(fixture.records[topic]);
      expect(fixture.read[topic]).toEqual(json);
    });

    test(`${topic}: what Python wrote is read`, async () => {
      const { codec, json } = sample();
      const bytes = Buffer.from(fixture.written[topic] ?? '', 'hex');
      const data = await codec.decode(bytes, { topic, side: 'value' });
      expect(asJson(topic, data)).toEqual(json);
    });
  }
});

function asJson(topic: string, data: unknown): unknown {
  if (topic === 'protobuf') return toJson(OrderSchema, data as Parameters<typeof toJson<typeof OrderSchema>>[1]);
  if (topic === 'protobuf-nested') return toJson(LineSchema, data as Parameters<typeof toJson<typeof LineSchema>>[1]);
  return JSON.parse(JSON.stringify(data));
}
