import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type SchemaRegistryOptions, schemaRegistry } from '../../src/adapters/schema-registry.ts';
import { ClientErrorCode, KafkaError } from '../../src/kafka-error.ts';
import type { Schema } from '../../src/registry/schema.ts';
import type { SchemaRegistry } from '../../src/registry/schema-registry.ts';
import { SchemaRegistryError } from '../../src/registry/schema-registry-error.ts';
import { StandInRegistry } from './stand-in-registry.ts';

const string: Schema = { type: 'AVRO', text: '"string"', references: [] };
const int: Schema = { type: 'AVRO', text: '"int"', references: [] };

let standIn: StandInRegistry;
beforeEach(async () => {
  standIn = await StandInRegistry.start();
});
afterEach(() => standIn[Symbol.asyncDispose]());

const open = (options: Partial<SchemaRegistryOptions> = {}): SchemaRegistry =>
  schemaRegistry({ url: standIn.url, retry: { initialMs: 1, maxMs: 2 }, ...options });

async function failure(promise: Promise<unknown>): Promise<SchemaRegistryError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof SchemaRegistryError) return error;
  throw new Error(`no SchemaRegistryError: ${String(error)}`);
}

describe('what is registered', () => {
  test('is asked for once, however many ask, and remembered', async () => {
    const registry = open();
    const ids = await Promise.all([1, 2, 3].map(() => registry.register('a', string)));
    expect(ids).toEqual([1, 1, 1]);
    expect(await registry.register('a', string)).toBe(1);
    expect(await Promise.all([registry.schema(1), registry.schema(1)])).toEqual([
      { ...string, id: 1 },
      { ...string, id: 1 },
    ]);
    await registry.schema(1);
    expect(standIn.requests).toEqual(['POST /subjects/a/versions', 'GET /schemas/ids/1']);
  });

  test('is found by subject, version and schema', async () => {
    const registry = open();
    await registry.register('a/b c', string);
    await registry.register('a/b c', int, { normalize: true });
    expect(standIn.requests.at(-1)).toBe('POST /subjects/a%2Fb%20c/versions?normalize=true');
    expect(await registry.subjects()).toEqual(['a/b c']);
    expect(await registry.versions('a/b c')).toEqual([1, 2]);
    expect(await registry.version('a/b c', 'latest')).toMatchObject({ version: 2, id: 2, text: '"int"' });
    expect(await registry.version('a/b c', 1)).toMatchObject({ subject: 'a/b c', version: 1, id: 1 });
    expect(await registry.lookUp('a/b c', int)).toMatchObject({ version: 2, id: 2 });
    expect(await failure(registry.lookUp('other', int))).toMatchObject({ status: 404, registryCode: 40403 });
    expect(await registry.deleteSubject('a/b c')).toEqual([1, 2]);
    expect(await registry.subjects()).toEqual([]);
  });

  test('is remembered up to a number of schemas', async () => {
    const registry = open({ cacheSize: 2 });
    for (const subject of ['a', 'b', 'c', 'a', 'a', 'c']) await registry.register(subject, string);
    expect(standIn.requests.map((line) => line.split('/')[2])).toEqual(['a', 'b', 'c', 'a']);
  });

  test('must be compatible', async () => {
    const registry = open();
    standIn.incompatible = (schema) => (schema === '"int"' ? 'READER_FIELD_MISSING' : undefined);
    await registry.register('a', string);
    const error = await failure(registry.register('a', int));
    expect(error).toMatchObject({ code: ClientErrorCode.SCHEMA_REGISTRY, name: 'SCHEMA_REGISTRY' });
    expect(error).toMatchObject({ status: 409, retriable: false });
    expect(error.message).toContain('READER_FIELD_MISSING');
    expect(await registry.checkCompatibility('a', int)).toEqual({
      isCompatible: false,
      messages: ['READER_FIELD_MISSING'],
    });
    expect(await registry.checkCompatibility('a', string, { against: 'all' })).toMatchObject({ isCompatible: true });
    expect(standIn.requests.slice(-2)).toEqual([
      'POST /compatibility/subjects/a/versions/latest?verbose=true',
      'POST /compatibility/subjects/a/versions?verbose=true',
    ]);
    expect(await registry.setCompatibilityLevel('NONE')).toBe('NONE');
    expect(await registry.compatibilityLevel()).toBe('NONE');
  });
});

describe('a registry in trouble', () => {
  test('is asked again, at the next address', async () => {
    await using other = await StandInRegistry.start();
    standIn.failures.push(503, 0, 429);
    other.failures.push(500);
    const registry = open({ url: [standIn.url, other.url] });
    expect(await registry.register('a', string)).toBe(1);
    expect([standIn.requests.length, other.requests.length]).toEqual([2, 2]);
  });

  test('gives its error when the time is over, which is not remembered', async () => {
    standIn.failures.push(503, 503);
    const registry = open({ retryTimeoutMs: 0 });
    expect(await failure(registry.schema(1))).toMatchObject({ status: 503, retriable: true });
    expect(await failure(registry.schema(1))).toMatchObject({ status: 503 });
    expect(await failure(registry.schema(1))).toMatchObject({ status: 404, registryCode: 40403, retriable: false });
  });

  test('that is not there is told with its reason', async () => {
    const { url } = standIn;
    await standIn[Symbol.asyncDispose]();
    standIn = await StandInRegistry.start();
    const error = await failure(open({ url, retryTimeoutMs: 0 }).subjects());
    expect(error).toMatchObject({ status: undefined, retriable: true });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('is not waited for beyond the signal, which others do not feel', async () => {
    let release = (): void => {};
    standIn.held = new Promise((resolve) => {
      release = resolve;
    });
    const registry = open();
    const controller = new AbortController();
    const given = registry.register('a', string, { signal: controller.signal });
    const other = registry.register('a', string);
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: ClientErrorCode.ABORTED });
    release();
    expect(await other).toBe(1);
    expect(standIn.requests).toHaveLength(1);
  });

  test('that answers something else is refused', async () => {
    const answers = (status: number, text: string) =>
      open({ retryTimeoutMs: 0, fetch: async () => new Response(text, { status }) });
    for (const text of [
      '<html>',
      '[]',
      '{"schema":5}',
      '{"schema":"x","schemaType":"XML"}',
      '{"schema":"","references":[{}]}',
    ]) {
      expect(await failure(answers(200, text).schema(1))).toMatchObject({ retriable: false });
    }
    for (const text of ['{"id":-1}', '{"id":"1"}', '{"id":4294967296}']) {
      expect((await failure(answers(200, text).register('a', string))).message).toContain('id');
    }
  });
});

describe('credentials', () => {
  test('go with each call, and into no message', async () => {
    const url = standIn.url.replace('//', '//bob:p%40ss@');
    await open({ url }).subjects();
    expect(standIn.headers[0]?.authorization).toBe(`Basic ${Buffer.from('bob:p@ss').toString('base64')}`);
    standIn.failures.push(401);
    const error = await failure(open({ url }).subjects());
    expect(error).toMatchObject({ status: 401, retriable: false });
    expect(error.message).toMatch(/auth/);
    expect(error.message).not.toMatch(/p@ss|p%40ss|bob/);
  });

  test('may be tokens, asked for anew', async () => {
    let count = 0;
    const auth = { token: async () => `t${++count}` };
    const registry = open({ auth, headers: { 'target-sr-cluster': 'lsrc-1' } });
    await registry.subjects();
    await registry.subjects();
    expect(standIn.headers.map(({ authorization }) => authorization)).toEqual(['Bearer t1', 'Bearer t2']);
    expect(standIn.headers[0]?.['target-sr-cluster']).toBe('lsrc-1');
  });

  test('and addresses that cannot be meant are refused', () => {
    for (const url of ['registry:8081', 'ftp://registry', '', []]) expect(() => open({ url })).toThrow(KafkaError);
  });
});
