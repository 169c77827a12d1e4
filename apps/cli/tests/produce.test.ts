import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordHeader } from '@ks/client';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cleanEnvironment, ended, ksCommand, said, startKs } from './harness/run-ks.ts';
import { bytes, type PlainRecord, text, useTestCluster } from './harness/test-cluster.ts';

const cluster = useTestCluster();
let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-cli-test-'));
});
afterAll(() => rm(directory, { recursive: true }));

/** A file that holds `contents`. */
async function file(name: string, contents: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, contents);
  return path;
}

const values = async (topic: string) => (await cluster.read(topic)).map(({ value }) => text(value));

describe('what produce reads', () => {
  test('lines of standard input, the last without its newline, and how many there were', async () => {
    const topic = await cluster.topic();
    const { code, stdout, stderr } = await cluster.ks(['produce', topic], { input: 'one\n\ntwo\r\nthrée' });
    expect([code, stdout, stderr]).toEqual([0, '', `${topic}: 4 records sent\n`]);
    expect(await values(topic)).toEqual(['one', '', 'two\r', 'thrée']);
  });

  test('no input at all is no record', async () => {
    const topic = await cluster.topic();
    const { code, stderr } = await cluster.ks(['produce', topic]);
    expect([code, stderr]).toEqual([0, `${topic}: 0 records sent\n`]);
    expect(await values(topic)).toEqual([]);
  });

  test('a standard input that is closed is none', async () => {
    const topic = await cluster.topic();
    const shell = spawn('sh', ['-c', '"$@" <&-', 'sh', ...ksCommand(['produce', topic])], {
      env: cleanEnvironment({ KS_BROKERS: cluster.bootstrap }),
    });
    expect(await ended(shell)).toMatchObject({ code: 0, stderr: `${topic}: 0 records sent\n` });
  });

  test('a slow input, sent as it comes; SIGINT delivers what was read and exits with 130', async () => {
    const topic = await cluster.topic();
    const child = startKs(['produce', topic], { env: { KS_BROKERS: cluster.bootstrap } });
    child.stdin.on('error', () => undefined);
    const follower = startKs(['consume', topic, '-q'], { env: { KS_BROKERS: cluster.bootstrap } });
    for (const line of ['first', 'second']) {
      child.stdin.write(`${line}\n`);
      // The next is only written when this one has gone all the way round.
      expect(await said(follower.stdout, /\n/)).toBe(`${line}\n`);
    }
    follower.kill('SIGINT');
    child.kill('SIGINT');
    const { code, stderr } = await ended(child);
    expect([code, stderr]).toEqual([130, `${topic}: 2 records sent\n`]);
  });

  test('keys, delimiters, headers, partitions and tombstones', async () => {
    const topic = await cluster.topic(3);
    const input = 'a:1;b:;plain;:empty key';
    const flags = ['-K', ':', '-D', ';', '-k', 'default', '-p', '2', '-Z', '-H', 'h:1', '-H', 'h=2=3', '-q'];
    const { code, stderr } = await cluster.ks(['produce', topic, ...flags], { input });
    expect([code, stderr]).toEqual([0, '']);
    const records = await cluster.read(topic);
    expect(records.map(({ partition, key, value }) => [partition, text(key), text(value)])).toEqual([
      [2, 'a', '1'],
      [2, 'b', null],
      [2, 'default', 'plain'],
      [2, '', 'empty key'],
    ]);
    expect(records[0]?.headers.map(({ key, value }) => [key, text(value)])).toEqual([
      ['h', '1'],
      ['h', '2=3'],
    ]);
  });

  test('a value, a whole file, JSON values, CSV', async () => {
    const topic = await cluster.topic();
    const page = await file('page.html', 'two\nlines\n');
    const json = await file('values.json', '{"a":\n 1}\n[2]');
    const csv = await file('rows.csv', 'key,value\nk,"x,\ny"\n');
    const sent = [
      await cluster.call(['produce', topic, '--value', 'the value', '-q']),
      await cluster.call(['produce', topic, '--input', 'whole', '--file', page, '-q']),
      await cluster.call(['produce', topic, '--input', 'json', '--file', json, '-q']),
      await cluster.call(['produce', topic, '--input', 'csv', '--file', csv, '-q']),
      await cluster.call(['produce', topic, '--value', 'null', '-q']),
    ];
    expect(sent.map(({ code, stderr }) => [code, stderr])).toEqual(sent.map(() => [0, '']));
    expect(await values(topic)).toEqual(['the value', 'two\nlines\n', '{"a":\n 1}', '[2]', 'x,\ny', 'null']);
  });

  test('by rpk verbs, whose topic and partition go before the flags', async () => {
    const [flagged, named] = [await cluster.topic(1), await cluster.topic(2)];
    const input = await file('formatted', `${named} 1 k=v\n${flagged} 0 k=w\n`);
    const { code } = await cluster.call(['produce', flagged, '-p', '0', '-f', '%t %p %k=%v\\n', '--file', input]);
    expect(code).toBe(0);
    expect((await cluster.read(named)).map(({ partition, value }) => [partition, text(value)])).toEqual([[1, 'v']]);
    expect(await values(flagged)).toEqual(['w']);
  });

  test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'compressed with %s, which the log then holds',
    async (codec) => {
      const topic = await cluster.topic();
      const lines = Array.from({ length: 500 }, (_, index) => `line ${index} ${'z'.repeat(50)}`);
      const { code } = await cluster.call([
        'produce',
        topic,
        '-z',
        codec,
        '-q',
        '--file',
        await file(codec, lines.join('\n')),
      ]);
      expect(code).toBe(0);
      const { stdout } = await cluster.call(['consume', topic, '-e', '-q', '-f', '%a{compression} %v\\n']);
      expect(stdout).toBe(lines.map((line) => `${codec} ${line}\n`).join(''));
    },
  );

  test('a record of 2 MB where the topic takes it, and 50,000 rows of CSV', async () => {
    const [large, long] = [await cluster.topic(), await cluster.topic(4)];
    const value = 'x'.repeat(2_000_000);
    const rows = Array.from({ length: 50_000 }, (_, index) => `k${index},"row ${index}"\n`);
    const csv = await file('long.csv', `key,value\n${rows.join('')}`);
    const sent = [
      await cluster.call(['produce', large, '--file', await file('large', value), '-q']),
      await cluster.call(['produce', long, '--input', 'csv', '--file', csv]),
    ];
    expect(sent.map(({ code }) => code)).toEqual([0, 0]);
    expect(sent[1]?.stderr).toBe(`${long}: 50000 records sent\n`);
    expect(await values(large)).toEqual([value]);
    expect((await cluster.read(long)).length).toBe(50_000);
  });
});

describe('what produce refuses', () => {
  test('a topic that is not there, before any input is read', async () => {
    const topic = await cluster.topic();
    // Its standard input stays open: only the missing topic can end it.
    const child = startKs(['produce', topic.replace('topic', 'topci')], { env: { KS_BROKERS: cluster.bootstrap } });
    const { code, stdout, stderr } = await ended(child);
    expect([code, stdout]).toEqual([5, '']);
    expect(stderr).toContain(`try: ks topics list; did you mean "${topic}"?\n`);
  });

  test.each([
    [['-p', '7'], 'x\n', 1, /no partition 7/],
    [['--input', 'ndjson'], '{"value":"a"}\n{"value":1}\n', 1, /line 2/],
    [['-f', '%k%v'], 'x', 2, /needs a size before it/],
    [['-H', 'nothing'], 'x', 2, /neither name:value nor name=value/],
    [['-o', 'end'], 'x', 2, /no offset to choose/],
    [['-z', 'rar'], 'x', 2, /--compression/],
    [['--file', '/nonexistent/file'], '', 1, /nonexistent/],
  ])('%j', async (flags, input, expected, why) => {
    const topic = await cluster.topic();
    const { code, stdout, stderr } = await cluster.ks(['produce', topic, '-q', ...flags], { input });
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(why);
  });

  test('a record that the broker finds too large, and what to do', async () => {
    await cluster.client.admin.createTopic('narrow', { configs: { 'max.message.bytes': '1000000' } });
    const { code, stderr } = await cluster.ks(['produce', 'narrow', '-q'], { input: 'x'.repeat(2_000_000) });
    expect([code, stderr]).toEqual([1, expect.stringContaining('code: MESSAGE_TOO_LARGE')]);
    expect(stderr).toContain('max.message.bytes');
  });
});

describe('what consume writes, produce reads back', () => {
  const someBytes = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 20 }).map(bytes),
    fc.constant(null),
    fc.constantFrom(Uint8Array.of(0xef, 0xbb, 0xbf), Uint8Array.of(10), Uint8Array.of(0xff, 0), bytes('null')),
  );
  const headers: fc.Arbitrary<RecordHeader[]> = fc.array(
    fc.record({ key: fc.constantFrom('a', 'b', 'ü', ''), value: someBytes }),
    { maxLength: 4 },
  );
  const record: fc.Arbitrary<PlainRecord> = fc.record({
    partition: fc.nat(2),
    timestamp: fc.integer({ min: 0, max: 1_700_000_000_000 }),
    key: someBytes,
    value: someBytes,
    headers,
  });

  /** Records by the hundreds, the odd ones among them. */
  const [sample] = fc.sample(fc.array(record, { minLength: 300, maxLength: 400 }), { numRuns: 1 });

  test('as envelopes: keys, values, tombstones, headers in their order, times and partitions, byte for byte', async () => {
    const [from, to] = [await cluster.topic(3), await cluster.topic(3)];
    await cluster.write(from, sample ?? []);
    const envelopes = await cluster.ks(['consume', from, '-J', '-e', '-q']);
    // They name the topic that they came from; what counts is where they are sent.
    const { code, stderr } = await cluster.ks(['produce', to, '--input', 'ndjson'], { input: envelopes.stdout });
    expect([code, stderr]).toEqual([0, `${to}: ${sample?.length} records sent\n`]);
    expect(await cluster.read(to)).toEqual(await cluster.read(from));
  });

  test('where the envelopes say, with - for the topic; and by key, with --repartition', async () => {
    const [from, to] = [await cluster.topic(3), await cluster.topic(1)];
    await cluster.write(from, [{ partition: 2, key: bytes('k'), value: bytes('v') }]);
    const { stdout: input } = await cluster.ks(['consume', from, '-J', '-e', '-q']);
    const [own, narrow, again, nameless] = await Promise.all([
      cluster.ks(['produce', '-', '--input', 'ndjson', '-q'], { input }),
      cluster.ks(['produce', to, '--input', 'ndjson', '-q'], { input }),
      cluster.ks(['produce', to, '--input', 'ndjson', '-q', '--repartition'], { input }),
      cluster.ks(['produce', '-', '--input', 'ndjson', '-q'], { input: '{"value":"x"}' }),
    ]);
    expect([own.code, narrow.code, again.code, nameless.code]).toEqual([0, 1, 0, 2]);
    expect(narrow.stderr).toContain('no partition 2');
    expect((await cluster.read(from)).map(({ partition }) => partition)).toEqual([2, 2]);
    expect((await cluster.read(to)).map(({ value }) => text(value))).toEqual(['v']);
  });

  test('by a format with sizes', async () => {
    const [from, to] = [await cluster.topic(3), await cluster.topic(3)];
    const format = '%p{little32}%d{big64}%K{big32}%k%V{big32}%v%H{byte}%h{%K{big16}%k%V{big32}%v}';
    await cluster.write(from, sample ?? []);
    const { bytes: written } = await cluster.ks(['consume', from, '-f', format, '-e', '-q']);
    const { code, stderr } = await cluster.ks(['produce', to, '-f', format, '-q'], { input: written });
    expect([code, stderr]).toEqual([0, '']);
    // Null and empty are both of no length.
    const filled = (value: Uint8Array | null): Uint8Array => value ?? new Uint8Array(0);
    const expected = (await cluster.read(from)).map((one) => ({
      ...one,
      key: filled(one.key),
      value: filled(one.value),
      headers: one.headers.map(({ key, value }) => ({ key, value: filled(value) })),
    }));
    expect(await cluster.read(to)).toEqual(expected);
  });
});
