import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { commands } from '../src/commands.ts';
import { runKs } from './harness/run-ks.ts';
import { bytes, useTestCluster } from './harness/test-cluster.ts';

// What every command keeps to, cli.md section 4, against a broker.

const cluster = useTestCluster();

interface TableCommand {
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly rowShape?: Readonly<Record<string, string>> | undefined;
}
const tables: readonly (readonly [string, TableCommand])[] = Object.entries(commands).filter(
  ([, { flags }]: readonly [string, TableCommand]) => flags !== undefined && 'columns' in flags,
);

/** One call of each command that prints a table, on a cluster with a topic and a group. */
function calls(topic: string): Readonly<Record<string, readonly string[]>> {
  return {
    'topics:create': [topic, '--if-not-exists'],
    'topics:list': [],
    'topics:describe': [topic],
    'topics:delete': [topic, '--dry-run'],
    'topics:partitions': [topic, '-n', '9', '--dry-run'],
    'topics:offsets': [topic, '--at', '@-1h'],
    'groups:list': [],
    'groups:describe': ['readers'],
    'groups:lag': ['readers'],
    'groups:seek': ['readers', '--to', 'start'],
    'groups:delete': ['readers', '--dry-run'],
    'groups:delete-offsets': ['readers', '-t', topic, '--dry-run'],
    'cluster:info': [],
    'cluster:health': [],
    'brokers:list': [],
    'debug:errors': ['3'],
  };
}

/** Called in tests of their own: profiles need no cluster, and one broker cannot give what it has to another. */
const isCalledElsewhere = (id: string): boolean => id.startsWith('profile:') || id === 'cluster:decommission';

test('every table command says what its rows hold, and JSON and YAML hold just that', async () => {
  const topic = await cluster.topic(2);
  await cluster.write(topic, [{ partition: 0, value: bytes('a') }]);
  await cluster.client.admin.alterGroupOffsets('readers', [{ topic, partition: 0, offset: 0 }]);
  const given = calls(topic);
  for (const [id, { rowShape }] of tables) {
    const shape = Object.keys(rowShape ?? {});
    expect([id, shape.length]).not.toEqual([id, 0]);
    if (isCalledElsewhere(id)) continue;
    expect(given).toHaveProperty([id]);
    const call = [...id.split(':'), ...(given[id] ?? [])];
    const json = await cluster.call([...call, '-o', 'json']);
    expect([id, json.code, json.stderr]).toEqual([id, 0, expect.not.stringContaining('error')]);
    const rows: Readonly<Record<string, unknown>>[] = JSON.parse(json.stdout);
    expect([id, rows.length]).not.toEqual([id, 0]);
    const needed = shape.filter((name) => !name.endsWith('?'));
    const known = shape.map((name) => name.replace(/\?$/, ''));
    for (const row of rows) {
      expect([id, Object.keys(row).filter((name) => !known.includes(name))]).toEqual([id, []]);
      expect([id, needed.filter((name) => !(name in row))]).toEqual([id, []]);
    }
    const yaml = await cluster.call([...call, '-o', 'yaml']);
    expect([id, parse(yaml.stdout)]).toEqual([id, rows]);
    const names = await cluster.call([...call, '-o', 'name']);
    expect([id, names.stdout.split('\n').length - 1]).toEqual([id, rows.length]);
  }
});

test('-o help prints the fields without arguments, a broker, or changing anything', async () => {
  const { code, stdout, stderr } = await runKs(['topics', 'delete', '-o', 'help'], {
    env: { KS_BROKERS: '127.0.0.1:1' },
  });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('  topic: string\n');
});

describe('settings', () => {
  test('global flags may stand before the command', async () => {
    const topic = await cluster.topic();
    const { code, stdout } = await runKs(['-b', cluster.bootstrap, 'topics', 'list', '-o', 'name']);
    expect([code, stdout.split('\n')]).toEqual([0, expect.arrayContaining([topic])]);
  });

  test("--command-config reads a Java client's properties, and refuses what it cannot do", async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ks-cli-properties-'));
    try {
      const path = join(directory, 'client.properties');
      await writeFile(path, `bootstrap.servers=${cluster.bootstrap}\nlinger.ms=5\n`);
      const topic = await cluster.topic();
      const listed = await runKs(['topics', 'list', '-o', 'name', '--command-config', path]);
      expect([listed.code, listed.stdout.split('\n')]).toEqual([0, expect.arrayContaining([topic])]);
      await writeFile(path, `bootstrap.servers=${cluster.bootstrap}\nsasl.mechanism=PLAIN\n`);
      const refused = await runKs(['topics', 'list', '--command-config', path]);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('TLS and SASL are not built')]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('what is read-only changes nothing: every command that would is refused', async () => {
    const topic = await cluster.topic();
    await cluster.client.admin.alterGroupOffsets('kept', [{ topic, partition: 0, offset: 0 }]);
    const changes = [
      ['topics', 'create', 'unwanted'],
      ['topics', 'delete', topic, '-y'],
      ['topics', 'partitions', topic, '-n', '4'],
      ['groups', 'delete', 'kept', '-y'],
      ['groups', 'delete-offsets', 'kept', '-t', topic, '-y'],
      ['groups', 'seek', 'kept', '--to', 'end', '--execute'],
      ['consume', topic, '-g', 'unwanted', '-e'],
      ['produce', topic, '--value', 'unwanted'],
    ];
    for (const args of changes) {
      const { code, stderr } = await cluster.call([...args, '--read-only']);
      expect([args, code, stderr]).toEqual([args, 2, expect.stringContaining('is read-only here')]);
    }
    const env = { KS_READ_ONLY: 'true' };
    const shim = await cluster.ks(['kcat', '-P', '-t', topic], { env, input: 'unwanted\n' });
    expect([shim.code, shim.stderr]).toEqual([2, expect.stringContaining('is read-only here')]);
    expect(await cluster.read(topic)).toEqual([]);
    const looked = await cluster.call(['topics', 'delete', topic, '--dry-run', '--read-only']);
    expect(looked.code).toBe(0);
  });
});

describe('errors', () => {
  test('name the cluster and the code of Kafka', async () => {
    const topic = await cluster.topic();
    const { code, stderr } = await cluster.call(['topics', 'create', topic]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`, on ${cluster.bootstrap}\ncode: TOPIC_ALREADY_EXISTS`),
    ]);
  });

  test.each([
    [['topics', 'list', '--outptu', 'json'], 'try: ks topics list --help; did you mean --output?'],
    [['consume'], 'try: ks consume --help'],
    [['kafka-console-consumer', '--topic', 'x'], 'try: ks consume TOPIC'],
    [['reset', 'cgo', 'x'], 'try: ks groups seek GROUP --to start --execute'],
    [['acls', 'list'], 'ks acls list is planned and not built yet'],
  ])('%j: exit 2 and a line to try', async (args, line) => {
    const { code, stdout, stderr } = await runKs(args);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining(line)]);
    expect(stderr).not.toContain('Note:');
  });
});
