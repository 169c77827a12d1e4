import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { bytes, useTestCluster } from './harness/test-cluster.ts';

const cluster = useTestCluster();

describe('ks topics', () => {
  test('create, list, describe, delete, and the exit codes of what is there and not there', async () => {
    const created = await cluster.ks([
      'topics',
      'create',
      'orders',
      '-p',
      '3',
      '-c',
      'retention.ms=60000',
      '-o',
      'json',
    ]);
    expect([created.code, created.stderr]).toEqual([0, '']);
    expect(JSON.parse(created.stdout)).toEqual([{ topic: 'orders', status: 'created', partitions: 3, replicas: 1 }]);

    const again = await cluster.ks(['topics', 'create', 'orders']);
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toMatch(/^error: .*orders.*\ncode: TOPIC_ALREADY_EXISTS\n/);
    const tolerated = await cluster.ks(['topics', 'create', 'orders', '--if-not-exists']);
    expect([tolerated.code, tolerated.stdout]).toEqual([0, expect.stringMatching(/orders\s+exists/)]);

    const configs = await cluster.ks(['topics', 'describe', 'orders', '--configs', '-o', 'json']);
    const rows: { readonly name: string; readonly value: string; readonly source: string }[] = JSON.parse(
      configs.stdout,
    );
    expect(rows.find(({ name }) => name === 'retention.ms')).toMatchObject({ value: '60000' });

    const unsure = await cluster.ks(['topics', 'delete', 'orders']);
    expect([unsure.code, unsure.stderr]).toEqual([2, expect.stringContaining('try: add -y')]);
    const preview = await cluster.ks(['topics', 'delete', 'orders', '--dry-run']);
    expect([preview.code, preview.stdout]).toEqual([0, expect.stringContaining('would be deleted')]);
    const misspelt = await cluster.ks(['topics', 'delete', 'ordres', '-y']);
    expect(misspelt.code).toBe(5);
    expect(misspelt.stderr).toBe(
      `error: topic "ordres" not found on ${cluster.bootstrap}\ncode: UNKNOWN_TOPIC_OR_PARTITION\ntry: ks topics list; did you mean "orders"?\n`,
    );
    const deleted = await cluster.ks(['topics', 'delete', 'orders', '-y']);
    expect([deleted.code, deleted.stdout]).toEqual([0, expect.stringMatching(/orders\s+deleted/)]);
    const left = await cluster.client.admin.listTopics();
    expect(left.map(({ name }) => name)).not.toContain('orders');
  });

  test('a dry run of create makes nothing and finds what is wrong', async () => {
    const good = await cluster.call(['topics', 'create', 'imagined', '--dry-run']);
    expect([good.code, good.stdout]).toEqual([0, expect.stringContaining('would be created')]);
    const bad = await cluster.call(['topics', 'create', 'imagined', '--dry-run', '-c', 'retention.ms=soon']);
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining('code: INVALID_CONFIG')]);
    const left = await cluster.client.admin.listTopics();
    expect(left.map(({ name }) => name)).not.toContain('imagined');
  });

  test('where one of several cannot be created, the others are, and the exit code says so', async () => {
    const existing = await cluster.topic();
    const mixed = await cluster.call(['topics', 'create', 'first', existing, 'second', '-o', 'json']);
    expect(mixed.code).toBe(1);
    const rows: { readonly topic: string; readonly status: string }[] = JSON.parse(mixed.stdout);
    expect(rows.map(({ topic, status }) => [topic, status])).toEqual([
      ['first', 'created'],
      [existing, 'failed'],
      ['second', 'created'],
    ]);
  });

  test('the words of rpk, kafkactl and Apache do the same', async () => {
    const made = await Promise.all([
      cluster.ks(['topic', 'create', 'by-rpk', '-p', '2', '-r', '1', '-c', 'retention.ms=1000']),
      cluster.ks(['create', 'topic', 'by-kafkactl']),
      cluster.ks(['topics', 'create', 'by-apache', '--bootstrap-server', cluster.bootstrap], {
        env: { KS_BROKERS: 'nowhere:1' },
      }),
    ]);
    expect(made.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ]);
    const [singular, reversed] = await Promise.all([
      cluster.ks(['topic', 'list', '-o', 'name']),
      cluster.ks(['get', 'topics', '-o', 'name']),
    ]);
    expect(singular.stdout.split('\n')).toEqual(expect.arrayContaining(['by-apache', 'by-kafkactl', 'by-rpk']));
    expect(reversed.stdout).toBe(singular.stdout);
  });

  test.each(['list', 'describe'])('%s in every format', async (command) => {
    const topic = await cluster.topic(2);
    const run = (format: string) =>
      cluster.call([
        'topics',
        command,
        ...(command === 'list' ? [] : [topic]),
        ...(format === '' ? [] : format.split(' ')),
      ]);
    const formats = [
      '-o json',
      '--json',
      '-o yaml',
      '-o name',
      '',
      '-o wide',
      '--no-headers',
      '--columns partitions,name',
    ];
    const [json, short, yaml, name, table, wide, bare, columns] = await Promise.all(
      (command === 'list' ? formats : formats.with(-1, '--columns partition,topic')).map(run),
    );
    const rows: readonly object[] = JSON.parse(json?.stdout ?? '');
    expect(rows.length).toBeGreaterThan(0);
    expect(short?.stdout).toBe(json?.stdout);
    expect(parse(yaml?.stdout ?? '')).toEqual(rows);
    const lines = (ended: typeof table): string[] => (ended?.stdout ?? '').trimEnd().split('\n');
    expect(lines(name)).toHaveLength(rows.length);
    expect(lines(name).at(-1)).toMatch(/^topic-\d+$/);
    expect(lines(table)).toHaveLength(rows.length + 1);
    expect(lines(wide)[0]?.length).toBeGreaterThan(lines(table)[0]?.length ?? 0);
    const cells = (line: string): string[] => line.split(/ +/);
    expect(lines(bare).map(cells)).toEqual(lines(table).slice(1).map(cells));
    expect(lines(columns)[0]).toMatch(command === 'list' ? /^PARTITIONS {2}NAME$/ : /^PARTITION {2}TOPIC$/);
  });

  test('an error of a command that prints JSON is JSON too, on stderr', async () => {
    const { code, stdout, stderr } = await cluster.ks(['topics', 'describe', 'no-such-topic', '-o', 'json']);
    expect([code, stdout]).toEqual([5, '']);
    expect(JSON.parse(stderr)).toEqual({
      error: `topic "no-such-topic" not found on ${cluster.bootstrap}`,
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      try: 'ks topics list',
      exitCode: 5,
    });
  });

  test('nobody there: exit 6, and what to do', async () => {
    const { code, stdout, stderr } = await cluster.ks(['topics', 'list', '-b', '127.0.0.1:1', '--timeout', '1']);
    expect([code, stdout]).toEqual([6, '']);
    expect(stderr).toMatch(/^error: .*127\.0\.0\.1:1.*\ncode: NETWORK_EXCEPTION\ntry: .*ks start/);
  });

  test('color only where it is asked for or shown', async () => {
    const error = ['topics', 'describe', 'no-such-topic'];
    const [piped, forced] = await Promise.all([cluster.ks(error), cluster.ks(error, { env: { FORCE_COLOR: '1' } })]);
    expect(piped.stderr).not.toContain('\u001b');
    expect(forced.stderr.startsWith('\u001b[31merror:')).toBe(true);
  });

  test('partitions are added, and what a topic holds is told by offsets', async () => {
    const topic = await cluster.topic(2);
    await cluster.write(topic, [{ partition: 1, timestamp: 1_700_000_000_000, value: bytes('a') }]);
    const dry = await cluster.call(['topics', 'partitions', topic, '-n', '3', '--dry-run']);
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringMatching(/would be changed +2 +3/)]);
    const [unchanged] = await cluster.client.admin.describeTopics([topic]);
    expect(unchanged?.partitionCount).toBe(2);
    const added = await cluster.call(['topics', 'partitions', topic, '-n', '3', '-o', 'json']);
    expect(JSON.parse(added.stdout)).toEqual([{ topic, status: 'changed', from: 2, to: 3 }]);
    const fewer = await cluster.call(['topics', 'partitions', topic, '-n', '1']);
    expect([fewer.code, fewer.stderr]).toEqual([1, expect.stringContaining('code: INVALID_PARTITIONS')]);

    const at = await cluster.call(['topics', 'offsets', `${topic}:1,2`, '--at', '@1699999999999', '-o', 'json']);
    expect(JSON.parse(at.stdout)).toEqual([
      { topic, partition: 1, start: 0, end: 1, records: 1, at: 0 },
      { topic, partition: 2, start: 0, end: 0, records: 0, at: null },
    ]);
    const later = await cluster.call(['topics', 'offsets', `${topic}:1`, '--at', '@1700000000001', '-o', 'json']);
    expect(JSON.parse(later.stdout)).toMatchObject([{ at: null }]);
    expect((await cluster.call(['topics', 'offsets', topic, '--at', '42'])).code).toBe(2);
  });

  test('list and delete take a regular expression', async () => {
    await Promise.all(['scrap-1', 'scrap-2', 'kept-1'].map((name) => cluster.client.admin.createTopic(name, {})));
    const listed = await cluster.call(['topics', 'list', '-r', '^scrap-', '-o', 'name']);
    expect(listed.stdout).toBe('scrap-1\nscrap-2\n');
    const ailing = await cluster.call(['topics', 'list', '--under-replicated', '--no-leader', '-o', 'name']);
    expect([ailing.code, ailing.stdout]).toEqual([0, '']);
    const deleted = await cluster.call(['topics', 'delete', '-r', '^scrap-', '-y', '-o', 'name']);
    expect([deleted.code, deleted.stdout]).toEqual([0, 'scrap-1\nscrap-2\n']);
    expect(deleted.stderr).toContain(' topics match: scrap-1 scrap-2\n');
    const left = (await cluster.client.admin.listTopics()).map(({ name }) => name);
    expect(left).toContain('kept-1');
    expect(left).not.toContain('scrap-1');
    const none = await cluster.call(['topics', 'delete', '-r', '^scrap-', '-y']);
    expect([none.code, none.stderr]).toEqual([5, expect.stringContaining('matches ^scrap-')]);
  });
});
