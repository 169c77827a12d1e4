import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedBroker } from '@ks/broker';
import { connect } from '@ks/client';
import { describe, expect, test } from 'vitest';
import { ended, said, startKs } from './harness/run-ks.ts';
import { bytes, useTestCluster } from './harness/test-cluster.ts';

const cluster = useTestCluster();
const DAY_MS = 86_400_000;
const NOON_MS = Date.UTC(2024, 0, 15, 12);

/** Ten records, one a minute from noon on. */
async function tenRecords(): Promise<string> {
  const topic = await cluster.topic();
  await cluster.write(
    topic,
    Array.from({ length: 10 }, (_, index) => ({
      key: bytes(`k${index}`),
      value: bytes(`v${index}`),
      timestamp: NOON_MS + index * 60_000,
      headers: index === 3 ? [{ key: 'h', value: bytes('1') }] : [],
    })),
  );
  return topic;
}

describe('where consume starts and stops', () => {
  test('every spelling of section 3', async () => {
    const topic = await tenRecords();
    const offsets = '%o ';
    const ms = String(NOON_MS + 5 * 60_000);
    const cases: readonly (readonly [readonly string[], string])[] = [
      [['-o', 'start', '-e'], '0 1 2 3 4 5 6 7 8 9 '],
      [['--from-beginning', '-e'], '0 1 2 3 4 5 6 7 8 9 '],
      [['-o', 'beginning', '-e'], '0 1 2 3 4 5 6 7 8 9 '],
      [['-o', 'end', '-e'], ''],
      [['-o', '7', '-e'], '7 8 9 '],
      [['-o', '+8', '-e'], '8 9 '],
      [['-o', 'start+8', '-e'], '8 9 '],
      [['-o', 'end-3', '-e'], '7 8 9 '],
      [['-o', '-2', '-e'], '8 9 '],
      [['-o=-2', '-e'], '8 9 '],
      [['-o-2', '-e'], '8 9 '],
      [['--offset=-2', '-e'], '8 9 '],
      [['-o', '-200', '-e'], '0 1 2 3 4 5 6 7 8 9 '],
      [['-o', '8:', '-e'], '8 9 '],
      [['-o', ':2'], '0 1 '],
      [['-o', '4:6'], '4 5 '],
      [['-o', '4:4'], ''],
      [['-o', ':end'], '0 1 2 3 4 5 6 7 8 9 '],
      [['-o', '8:400'], '8 9 '],
      [['-o', `@${ms}`, '-e'], '5 6 7 8 9 '],
      [['-o', `@${ms.slice(0, 10)}`, '-e'], '5 6 7 8 9 '],
      [['-o', `@${ms}000000`, '-e'], '5 6 7 8 9 '],
      [['-o', `@:${ms}`], '0 1 2 3 4 '],
      [['-o', `@${ms}:${Number(ms) + 120_000}`], '5 6 '],
      [['-o', `@${ms}:2m`], '5 6 '],
      [['-o', `@${ms}:end`], '5 6 7 8 9 '],
      [['-o', '@2024-01-15', '-e'], '0 1 2 3 4 5 6 7 8 9 '],
      [['-o', '@2024-01-15T12:08:00Z:end'], '8 9 '],
      [['-o', '@-1h', '-e'], ''],
      [['-o', '@now', '-e'], ''],
      [['-o', `s@${ms}`, '-e'], '5 6 7 8 9 '],
      [['-o', `e@${ms}`], '0 1 2 3 4 '],
      [['-n', '3'], '0 1 2 '],
      [['--num', '2', '-o', '5'], '5 6 '],
    ];
    for (const [args, expected] of cases) {
      const { code, stdout, stderr } = await cluster.call(['consume', topic, '-q', '-f', offsets, ...args]);
      expect([args, code, stdout, stderr]).toEqual([args, 0, expected, '']);
    }
  });

  test('-e ends on an empty topic, at the end, and in an empty partition beside a full one', async () => {
    const [empty, wide] = [await cluster.topic(), await cluster.topic(3)];
    await cluster.write(wide, [{ partition: 1, value: bytes('only') }]);
    const [none, atEnd, some] = await Promise.all([
      cluster.call(['consume', empty, '-e']),
      cluster.call(['consume', wide, '-e', '-o', 'end']),
      cluster.call(['consume', wide, '-e', '-f', '%p:%v\\n']),
    ]);
    expect([none.code, none.stdout, none.stderr]).toEqual([0, '', `${empty}: start→end, 1 partition\n`]);
    expect([atEnd.code, atEnd.stdout]).toEqual([0, '']);
    expect([some.code, some.stdout, some.stderr]).toEqual([0, '1:only\n', `${wide}: start→end, 3 partitions\n`]);
  });

  test('an offset beyond the end waits for it; SIGINT ends the waiting with 130, SIGTERM with 143', async () => {
    const topic = await tenRecords();
    const beyond = startKs(['consume', topic, '-o', '11', '-n', '1', '-q', '-f', '%o %v'], {
      env: { KS_BROKERS: cluster.bootstrap },
    });
    const followers = (['SIGINT', 'SIGTERM'] as const).map(async (signal) => {
      const child = startKs(['consume', topic, '-o', '9', '-q'], { env: { KS_BROKERS: cluster.bootstrap } });
      child.stdout.once('data', () => child.kill(signal));
      return ended(child);
    });
    const ends = await Promise.all(followers);
    expect(ends.map(({ code, stdout, stderr }) => [code, stdout, stderr])).toEqual([
      [130, 'v9\n', ''],
      [143, 'v9\n', ''],
    ]);
    await cluster.write(topic, [{ value: bytes('ten') }, { value: bytes('eleven') }]);
    const { code, stdout } = await ended(beyond);
    expect([code, stdout]).toEqual([0, '11 eleven']);
  });
});

describe('what consume reads', () => {
  test('chosen partitions, several topics, topics by regular expression', async () => {
    const [one, other] = [await cluster.topic(3), await cluster.topic(1)];
    await cluster.write(
      one,
      [0, 1, 2].map((partition) => ({ partition, value: bytes(`${one}/${partition}`) })),
    );
    await cluster.write(other, [{ value: bytes(`${other}/0`) }]);
    const lines = (stdout: string): string[] => stdout.trimEnd().split('\n').sort();
    const [chosen, both, matched] = await Promise.all([
      cluster.call(['consume', one, '-p', '0,2', '-e', '-q']),
      cluster.call(['consume', one, other, '-e', '-q']),
      cluster.call(['consume', '-r', `^${one}$`, `^${other}$`, '-e', '-q']),
    ]);
    expect(lines(chosen.stdout)).toEqual([`${one}/0`, `${one}/2`]);
    expect(lines(both.stdout)).toEqual([`${one}/0`, `${one}/1`, `${one}/2`, `${other}/0`]);
    expect(lines(matched.stdout)).toEqual(lines(both.stdout));
  });

  test('a topic, a partition or a match that is not there fails at once, with exit 5', async () => {
    const topic = await cluster.topic(2);
    const [unknown, partition, matchless, badRegex] = await Promise.all([
      cluster.call(['consume', topic.replace('topic', 'topci')]),
      cluster.call(['consume', topic, '-p', '2']),
      cluster.call(['consume', '-r', '^nothing$']),
      cluster.call(['consume', '-r', '(']),
    ]);
    expect([unknown.code, unknown.stderr]).toEqual([5, expect.stringContaining(`did you mean "${topic}"?`)]);
    expect([partition.code, partition.stderr]).toEqual([5, expect.stringContaining('its partitions are 0 to 1')]);
    expect([matchless.code, matchless.stderr]).toEqual([5, expect.stringContaining('try: ks topics list')]);
    expect(badRegex.code).toBe(2);
  });

  test('wrong offsets and formats are usage errors, said before anything is read', async () => {
    const wrong = await Promise.all([
      cluster.call(['consume', 'x', '-o', 'tomorrow']),
      cluster.call(['consume', 'x', '-f', '%q']),
      cluster.call(['consume', 'x', '--kcat', '-f', '%v']),
      cluster.call(['consume', 'x', '-o', '5:3']),
    ]);
    expect(wrong.map(({ code, stdout }) => [code, stdout])).toEqual(wrong.map(() => [2, '']));
    for (const { stderr } of wrong) expect(stderr).toMatch(/^error: .+/);
  });
});

describe('how consume prints', () => {
  test('by rpk verbs, bounds of the log among them', async () => {
    const topic = await tenRecords();
    const format = '%t[%p]@%o %k=%v %d{go[15:04:05]} %H%h{ %k=%v} %[/%|/%] %i\\n';
    const { stdout } = await cluster.call(['consume', topic, '-o', '3:5', '-q', '-f', format]);
    expect(stdout).toBe(`${topic}[0]@3 k3=v3 12:03:00 1 h=1 0/10/10 0\n${topic}[0]@4 k4=v4 12:04:00 0 0/10/10 1\n`);
  });

  test("as JSON: ks's own, rpk's, kcat's, and without the contents", async () => {
    const topic = await tenRecords();
    const run = (...args: readonly string[]) => cluster.call(['consume', topic, '-o', '3:4', '-q', ...args]);
    const [own, rpk, flat, kcat, byDialect, meta] = await Promise.all([
      run('-J'),
      run('--envelope', 'rpk'),
      run('-J', '--envelope', 'rpk', '--no-pretty-print'),
      run('--envelope', 'kcat'),
      run('--kcat', '-J'),
      run('--meta-only'),
    ]);
    const timestamp = NOON_MS + 180_000;
    expect(JSON.parse(own.stdout)).toEqual({
      topic,
      partition: 0,
      offset: 3,
      timestamp,
      timestampType: 'create',
      key: 'k3',
      value: 'v3',
      headers: [{ key: 'h', value: '1' }],
      size: 4,
      leaderEpoch: expect.any(Number),
    });
    const ofRpk = {
      topic,
      key: 'k3',
      value: 'v3',
      headers: [{ key: 'h', value: '1' }],
      timestamp,
      partition: 0,
      offset: 3,
    };
    expect(rpk.stdout).toBe(`${JSON.stringify(ofRpk, null, 2)}\n`);
    expect(flat.stdout).toBe(`${JSON.stringify(ofRpk)}\n`);
    const ofKcat = {
      topic,
      partition: 0,
      offset: 3,
      tstype: 'create',
      ts: timestamp,
      broker: 1,
      headers: ['h', '1'],
      key: 'k3',
      payload: 'v3',
    };
    expect(kcat.stdout).toBe(`${JSON.stringify(ofKcat)}\n`);
    expect(byDialect.stdout).toBe(kcat.stdout);
    expect(JSON.parse(meta.stdout)).not.toHaveProperty('value');
  });

  test('null as nothing, and bytes as they are', async () => {
    const topic = await cluster.topic();
    const strange = Uint8Array.of(0, 0x1b, 0x5b, 0x32, 0x4a, 0xff, 0xfe, 10, 13);
    await cluster.write(topic, [{ value: null }, { value: strange }]);
    const { bytes: out } = await cluster.call(['consume', topic, '-e', '-q']);
    expect(out).toEqual(Buffer.concat([Buffer.from('\n'), strange, Buffer.from('\n')]));
  });

  test('a record of 1 MB, and 50,000 rows', async () => {
    const [large, long] = [await cluster.topic(), await cluster.topic(2)];
    const value = Buffer.alloc(1_000_000, 'x');
    await cluster.write(large, [{ value }]);
    const rows = Array.from({ length: 50_000 }, (_, index) => `row ${index}`);
    await cluster.write(
      long,
      rows.map((row, index) => ({ partition: index % 2, value: bytes(row) })),
    );
    const [one, many] = await Promise.all([
      cluster.call(['consume', large, '-e', '-q']),
      cluster.call(['consume', long, '-e', '-q', '-f', '%v\\n']),
    ]);
    expect(one.bytes.equals(Buffer.concat([value, Buffer.from('\n')]))).toBe(true);
    expect(many.stdout.trimEnd().split('\n').sort()).toEqual(rows.toSorted());
  });

  test('to a reader that goes away (| head -1): exit 0, and nothing is said', async () => {
    const topic = await cluster.topic();
    await cluster.write(
      topic,
      Array.from({ length: 20_000 }, (_, index) => ({ value: bytes(`${index} ${'y'.repeat(100)}`) })),
    );
    // Without -e: only the closed pipe can end it.
    const child = startKs(['consume', topic, '-q'], { env: { KS_BROKERS: cluster.bootstrap } });
    child.stdout.once('data', () => child.stdout.destroy());
    const { code, stderr } = await ended(child);
    expect([code, stderr]).toEqual([0, '']);
  });

  test('what is older than a day by its time, in UTC', async () => {
    const topic = await cluster.topic();
    await cluster.write(topic, [{ value: bytes('old'), timestamp: NOON_MS - DAY_MS }]);
    const { stdout } = await cluster.call(['consume', topic, '-e', '-q', '-f', '%d{strftime[%F %T]} %v\\n']);
    expect(stdout).toBe('2024-01-14 12:00:00 old\n');
  });
});

test('a broker that dies under a reader is missed aloud; the reader goes on when it is back', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ks-consume-'));
  const start = (port: number) =>
    startEmbeddedBroker({ directory, config: { listeners: `PLAINTEXT://127.0.0.1:${port}` } });
  const first = await start(0);
  const { port } = first;
  await using client = await connect({ brokers: `127.0.0.1:${port}` });
  await client.admin.createTopic('t', { partitions: 1 });
  await using producer = client.producer();
  await producer.sendBatch('t', [{ key: null, value: bytes('before') }]);
  const child = startKs(['consume', 't', '-b', `127.0.0.1:${port}`]);
  const [missed, back] = [
    said(child.stderr, /no broker of .* answers: still trying/),
    said(child.stderr, /answers again/),
  ];
  back.catch(() => undefined);
  // Reading, not only about to: where it begins and ends is asked for once.
  await said(child.stdout, /before/);
  await first.stop();
  await missed;
  const second = await start(port);
  await back;
  const printed = said(child.stdout, /after/);
  await producer.sendBatch('t', [{ key: null, value: bytes('after') }]);
  await printed;
  child.kill('SIGINT');
  expect((await ended(child)).code).toBe(130);
  await second.stop();
  await rm(directory, { recursive: true });
}, 60_000);
