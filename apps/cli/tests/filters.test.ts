import { describe, expect, test } from 'vitest';
import { bytes, useTestCluster } from './harness/test-cluster.ts';

const cluster = useTestCluster();

async function filled(): Promise<string> {
  const topic = await cluster.topic();
  await cluster.write(
    topic,
    Array.from({ length: 20 }, (_, index) => ({
      key: bytes(`user-${index % 4}`),
      value: bytes(JSON.stringify({ n: index, status: index % 5 === 0 ? 'FAILED' : 'OK' })),
      headers: [{ key: 'tenant', value: bytes(index < 10 ? 'a' : 'b') }],
    })),
  );
  return topic;
}

describe('ks consume with filters', () => {
  test('prints what matches and says how much it looked at', async () => {
    const topic = await filled();
    const filter = 'value.status == "FAILED" && headers.tenant == "b" && ts > now-1h';
    const { code, stdout, stderr } = await cluster.call(['consume', topic, '-e', '-f', '%o\\n', '--filter', filter]);
    expect([code, stdout]).toEqual([0, '10\n15\n']);
    expect(stderr).toContain('scanned 20, matched 2\n');
  });

  test('without a format too, where whole batches would be moved', async () => {
    const topic = await filled();
    const { stdout } = await cluster.call(['consume', topic, '-e', '-q', '-G', 'k:-3$', '-G', '!v:OK']);
    expect(stdout).toBe('{"n":15,"status":"FAILED"}\n');
    const keys = await cluster.call(['consume', topic, '-e', '-q', '--filter-key', '*-2', '-n', '2', '-f', '%o ']);
    expect(keys.stdout).toBe('2 6 ');
  });

  test('--tail starts with the last ones', async () => {
    const topic = await filled();
    const { stdout } = await cluster.call(['consume', topic, '-e', '-q', '--tail', '3', '-f', '%o ']);
    expect(stdout).toBe('17 18 19 ');
  });

  test('a group commits what was looked at, and stands behind the last match of -n', async () => {
    const topic = await filled();
    const first = await cluster.ks(['consume', topic, '-g', 'sifters', '-G', 'v:FAILED', '-n', '2', '-f', '%o ']);
    expect([first.code, first.stdout]).toEqual([0, '0 5 ']);
    const [committed] = await cluster.client.admin.listGroupOffsets('sifters');
    expect(committed?.offset).toBe(6);
  });

  test('what makes no sense is a usage error, before anything is read', async () => {
    const { code, stdout, stderr } = await cluster.call(['consume', 'nope', '--filter', 'value.a ==']);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringContaining('--filter ends too early')]);
  });
});

describe('ks produce without input', () => {
  test('makes records by a template, as many as asked for', async () => {
    const topic = await cluster.topic();
    const sent = await cluster.call([
      'produce',
      topic,
      '--template',
      'n{{seq}} {{int 7 7}}',
      '-n',
      '250',
      '--rate',
      '5000',
    ]);
    expect([sent.code, sent.stderr]).toEqual([0, `${topic}: 250 records sent\n`]);
    const values = (await cluster.read(topic)).map(({ value }) => new TextDecoder().decode(value ?? undefined));
    expect(values).toEqual(Array.from({ length: 250 }, (_, index) => `n${index} 7`));
  });

  test('--ts fills in the time, and leaves those that have one', async () => {
    const topic = await cluster.topic();
    const input = '{"value":"own","timestamp":1600000000000}\n{"value":"none"}\n';
    const sent = await cluster.ks(['produce', topic, '--input', 'ndjson', '--ts', '@2026-01-31T10:00:00Z'], { input });
    expect(sent.code).toBe(0);
    const times = (await cluster.read(topic)).map(({ timestamp }) => timestamp);
    expect(times.toSorted()).toEqual([1_600_000_000_000, Date.parse('2026-01-31T10:00:00Z')]);
  });

  test('a dry run reads the input and sends nothing', async () => {
    const topic = await cluster.topic();
    const dry = await cluster.ks(['produce', topic, '--dry-run'], { input: 'a\nb\n' });
    expect([dry.code, dry.stderr]).toEqual([0, `${topic}: 2 records would be sent\n`]);
    const broken = await cluster.ks(['produce', topic, '--dry-run', '--input', 'ndjson'], {
      input: '{"value":"a"}\n{broken\n',
    });
    expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining('error: ')]);
    expect(await cluster.read(topic)).toEqual([]);
  });

  test.each([
    ['-n', '3'],
    ['--template', '{{nope}}'],
    ['--ts', 'soon'],
  ])('%s %s is a usage error', async (...args) => {
    const topic = await cluster.topic();
    const { code } = await cluster.call(['produce', topic, ...args]);
    expect(code).toBe(2);
  });
});
