import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ended, startKs } from './harness/run-ks.ts';
import { bytes, useTestCluster } from './harness/test-cluster.ts';

const cluster = useTestCluster();
const hasKcat = await promisify(execFile)('kcat', ['-V']).then(
  () => true,
  () => false,
);

/** A topic of two partitions with 10 and 4 records, one a second, and a group that has read 3 of the first. */
async function billing(group: string): Promise<string> {
  const topic = await cluster.topic(2);
  const records = (count: number, partition: number) =>
    Array.from({ length: count }, (_, index) => ({
      partition,
      timestamp: 1_700_000_000_000 + index * 1000,
      value: bytes(`${partition}/${index}`),
    }));
  await cluster.write(topic, [...records(10, 0), ...records(4, 1)]);
  await cluster.client.admin.alterGroupOffsets(group, [
    { topic, partition: 0, offset: 3 },
    { topic, partition: 1, offset: 4 },
  ]);
  return topic;
}

const committed = async (group: string): Promise<number[]> =>
  (await cluster.client.admin.listGroupOffsets(group))
    .toSorted((a, b) => a.partition - b.partition)
    .map(({ offset }) => offset);

describe('ks groups', () => {
  test('list, describe and lag of a group nobody reads in', async () => {
    const topic = await billing('quiet');
    const listed = await cluster.call(['groups', 'list', '-o', 'json']);
    const groups: readonly { readonly groupId: string }[] = JSON.parse(listed.stdout);
    expect(groups.find(({ groupId }) => groupId === 'quiet')).toMatchObject({ type: 'classic', state: 'Empty' });
    expect((await cluster.call(['groups', 'list', '--state', 'Stable', '-o', 'name'])).stdout).not.toContain('quiet');
    expect((await cluster.call(['groups', 'list', '--type', 'classic', '-o', 'name'])).stdout).toContain('quiet\n');

    const described = await cluster.call(['groups', 'describe', 'quiet']);
    expect([described.code, described.stdout]).toEqual([0, expect.stringMatching(/quiet +classic +Empty/)]);
    const lag = await cluster.call(['groups', 'lag', 'quiet', '--no-headers']);
    expect(lag.stdout.split('\n').map((line) => line.trim().split(/ +/))).toEqual([
      ['quiet', topic, '0', '3', '10', '7', '-'],
      ['quiet', topic, '1', '4', '4', '0', '-'],
      [''],
    ]);
    expect(lag.stderr).toBe('7 records behind in 2 partitions\n');
    const all = await cluster.call(['groups', 'lag', '--sort', 'lag', '-o', 'json']);
    const rows: readonly { readonly lag: number }[] = JSON.parse(all.stdout);
    expect(rows.map((row) => row.lag)).toEqual(rows.map((row) => row.lag).toSorted((a, b) => b - a));
  });

  test('a topic that was deleted is nothing to be behind in', async () => {
    const [kept, topic] = [await billing('bereft'), await billing('bereft')];
    await cluster.client.admin.deleteTopics([topic]);
    const lag = await cluster.call(['groups', 'lag', 'bereft', '-o', 'json']);
    const rows: readonly { readonly topic: string }[] = JSON.parse(lag.stdout);
    expect([lag.code, rows.map((row) => row.topic)]).toEqual([0, [kept, kept]]);
  });

  test.each([
    ['start', [0, 0]],
    ['end', [10, 4]],
    ['5', [5, 4]],
    ['+2', [5, 4]],
    ['-2', [1, 2]],
    ['-200', [0, 0]],
    ['@1700000002', [2, 2]],
    ['@now', [10, 4]],
  ])('seek --to %s shows first, and moves with --execute', async (to, expected) => {
    const group = `seeker${to}`;
    await billing(group);
    const preview = await cluster.call(['groups', 'seek', group, '--to', to, '-o', 'json']);
    expect([preview.code, preview.stderr]).toEqual([0, `${group} stays where it is: add --execute to move it\n`]);
    const steps: readonly { readonly from: number; readonly to: number; readonly skipped: number }[] = JSON.parse(
      preview.stdout,
    );
    expect(steps.map((step) => [step.from, step.to, step.skipped])).toEqual([
      [3, expected[0], (expected[0] ?? 0) - 3],
      [4, expected[1], (expected[1] ?? 0) - 4],
    ]);
    expect(await committed(group)).toEqual([3, 4]);
    const moved = await cluster.call(['groups', 'seek', group, '--to', to, '--execute']);
    expect([moved.code, moved.stderr]).toEqual([0, '']);
    expect(await committed(group)).toEqual(expected);
  });

  test('seek of some partitions, and of a group that does not exist yet, to where another stands', async () => {
    const topic = await billing('model');
    await cluster.call(['groups', 'seek', 'model', '--to', 'end', '-t', `${topic}:0`, '--execute']);
    expect(await committed('model')).toEqual([10, 4]);
    const made = await cluster.call(['groups', 'seek', 'new', '--to', 'group:model', '-t', topic, '--execute']);
    expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/0 +- +10 +-/)]);
    expect(await committed('new')).toEqual([10, 4]);
  });

  test('delete asks, and deletes', async () => {
    await billing('doomed');
    const unsure = await cluster.ks(['groups', 'delete', 'doomed']);
    expect([unsure.code, unsure.stderr]).toEqual([2, expect.stringContaining('add -y')]);
    expect((await cluster.call(['groups', 'delete', 'doomed', '--dry-run'])).stdout).toContain('would be deleted');
    expect((await cluster.call(['groups', 'delete', 'doomed', '-y'])).code).toBe(0);
    expect((await cluster.client.admin.listGroups()).map(({ groupId }) => groupId)).not.toContain('doomed');
  });

  test('what is not there, or makes no sense', async () => {
    const topic = await billing('present');
    const wrong = await Promise.all([
      cluster.call(['groups', 'describe', 'presnet']),
      cluster.call(['groups', 'lag', 'presnet']),
      cluster.call(['groups', 'delete', 'presnet', '-y']),
      cluster.call(['groups', 'seek', 'presnet', '--to', 'start']),
      cluster.call(['groups', 'seek', 'present', '--to', 'sideways']),
      cluster.call(['groups', 'seek', 'present', '--to', 'start', '-t', `${topic}:9`]),
      cluster.call(['groups', 'seek', 'present', '--to', 'start', '-t', 'a:b:c']),
    ]);
    expect(wrong.map(({ code }) => code)).toEqual([5, 5, 5, 5, 2, 5, 2]);
    for (const { stderr } of wrong.slice(0, 4)) expect(stderr).toContain('did you mean "present"?');
  });

  test('consume starts where a group stands, without becoming a member', async () => {
    const topic = await billing('onlooked');
    const { code, stdout } = await cluster.call(['consume', topic, '-o', 'group:onlooked', '-e', '-q']);
    expect([code, stdout]).toEqual([0, [3, 4, 5, 6, 7, 8, 9].map((index) => `0/${index}\n`).join('')]);
    expect(await committed('onlooked')).toEqual([3, 4]);
    const missing = await cluster.call(['consume', topic, '-o', 'group:onloked', '-e']);
    expect([missing.code, missing.stderr]).toEqual([5, expect.stringContaining('did you mean "onlooked"?')]);
  });

  test('a member of another client is shown with what it reads, and keeps the group from being moved or deleted', async ({
    skip,
  }) => {
    if (!hasKcat) skip('kcat is not installed');
    const topic = await billing('busy');
    const member = spawn('kcat', [
      '-b',
      cluster.bootstrap,
      '-u',
      '-G',
      'busy',
      topic,
      '-X',
      'auto.offset.reset=earliest',
      '-X',
      'client.id=reader',
    ]);
    try {
      // It reads before it is looked for.
      await new Promise((resolve) => member.stdout.once('data', resolve));
      const [described] = await cluster.client.admin.describeGroups(['busy']);
      expect(described).toMatchObject({ type: 'classic', state: 'Stable', members: [{ clientId: 'reader' }] });
      expect(described?.members[0]?.assignment).toHaveLength(2);
      const shown = await cluster.call(['groups', 'describe', 'busy', '-o', 'wide']);
      expect(shown.stdout).toMatch(new RegExp(`busy +classic +Stable +range +reader +${topic}:0,1 `));
      const lag = await cluster.call(['groups', 'lag', 'busy', '-q']);
      expect(lag.stdout).toContain('reader 127.0.0.1');
      const [moved, deleted] = await Promise.all([
        cluster.call(['groups', 'seek', 'busy', '--to', 'start', '--execute']),
        cluster.call(['groups', 'delete', 'busy', '-y']),
      ]);
      expect([moved.code, moved.stderr]).toEqual([1, expect.stringContaining('has members, who would undo the move')]);
      expect([deleted.code, deleted.stderr]).toEqual([1, expect.stringContaining('code: NON_EMPTY_GROUP')]);
    } finally {
      member.kill('SIGKILL');
    }
  });
});

describe('ks consume -g', () => {
  test('prints what the group has not read, commits it, and leaves', async () => {
    const topic = await cluster.topic(2);
    await cluster.write(
      topic,
      [0, 1].map((partition) => ({ partition, value: bytes(`first ${partition}`) })),
    );
    const first = await cluster.call(['consume', topic, '-g', 'printing', '-e']);
    expect(first.code).toBe(0);
    expect(first.stdout.split('\n').sort()).toEqual(['', 'first 0', 'first 1']);
    expect(first.stderr).toBe(`${topic}: group printing→end, 2 partitions\n`);
    await cluster.write(topic, [{ partition: 1, value: bytes('second') }]);
    const second = await cluster.call(['consume', topic, '-g', 'printing', '-e', '-q']);
    expect([second.code, second.stdout]).toEqual([0, 'second\n']);
    const third = await cluster.call(['consume', topic, '-g', 'printing', '-e', '-q']);
    expect([third.code, third.stdout]).toEqual([0, '']);
    expect(await committed('printing')).toEqual([1, 2]);
    const [left] = await cluster.client.admin.describeGroups(['printing']);
    expect([left?.state, left?.members]).toEqual(['Empty', []]);
  });

  test('-n commits what was printed, not the batch that it came in', async () => {
    const topic = await cluster.topic();
    await cluster.write(
      topic,
      Array.from({ length: 9 }, (_, index) => ({ value: bytes(`${index}`) })),
    );
    const run = (...more: readonly string[]) => cluster.call(['consume', topic, '-g', 'counting', '-q', ...more]);
    expect([(await run('-n', '2')).stdout, (await run('-n', '3', '-J')).stdout.split('\n').length]).toEqual([
      '0\n1\n',
      4,
    ]);
    expect((await run('-e', '-f', '%v,')).stdout).toBe('5,6,7,8,');
  });

  test('ctrl-c and a reader that goes away leave the group with what was printed committed', async () => {
    const topic = await cluster.topic();
    await cluster.write(topic, [{ value: bytes('one') }]);
    const start = (group: string) =>
      startKs(['consume', topic, '-g', group, '-q'], { env: { KS_BROKERS: cluster.bootstrap } });
    const interrupted = start('interrupted');
    interrupted.stdout.once('data', () => interrupted.kill('SIGINT'));
    expect(await ended(interrupted)).toMatchObject({ code: 130, stdout: 'one\n', stderr: '' });
    expect(await committed('interrupted')).toEqual([1]);
    const abandoned = start('abandoned');
    abandoned.stdout.once('data', () => {
      abandoned.stdout.destroy();
      // Only with something to say does it find out.
      void cluster.write(topic, [{ value: bytes('two') }]);
    });
    expect(await ended(abandoned)).toMatchObject({ code: 0, stderr: '' });
    const groups = await cluster.client.admin.describeGroups(['interrupted', 'abandoned']);
    expect(groups.map(({ state }) => state)).toEqual(['Empty', 'Empty']);
  });

  test('offsets and partitions are not for one member to choose', async () => {
    const wrong = await Promise.all([
      cluster.call(['consume', 'x', '-g', 'g', '-o', '5']),
      cluster.call(['consume', 'x', '-g', 'g', '-o', ':end']),
      cluster.call(['consume', 'x', '-g', 'g', '-p', '0']),
      cluster.call(['consume', 'x', '-o', 'stored']),
    ]);
    expect(wrong.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  });

  test("by kcat's command line", async () => {
    const topic = await cluster.topic();
    await cluster.write(topic, [{ value: bytes('one') }]);
    const args = [
      'kcat',
      '-b',
      cluster.bootstrap,
      '-q',
      '-G',
      'by-kcat',
      topic,
      '-e',
      '-X',
      'auto.offset.reset=earliest',
    ];
    const { code, stdout, stderr } = await cluster.call(args);
    expect([code, stdout, stderr]).toEqual([0, 'one\n', '']);
    expect(await committed('by-kcat')).toEqual([1]);
  });

  test('what is committed in one topic can be deleted', async () => {
    const [topic, other] = [await cluster.topic(2), await cluster.topic()];
    await cluster.client.admin.alterGroupOffsets('forgetful', [
      { topic, partition: 0, offset: 0 },
      { topic, partition: 1, offset: 0 },
      { topic: other, partition: 0, offset: 0 },
    ]);
    const unsure = await cluster.ks(['groups', 'delete-offsets', 'forgetful', '-t', topic]);
    expect([unsure.code, unsure.stderr]).toEqual([2, expect.stringContaining('try: add -y')]);
    const one = await cluster.call(['groups', 'delete-offsets', 'forgetful', '-t', `${topic}:1`, '-y', '-o', 'json']);
    expect(JSON.parse(one.stdout)).toEqual([{ topic, partition: 1, offset: 0, status: 'deleted' }]);
    const left = await cluster.client.admin.listGroupOffsets('forgetful');
    expect(left.map(({ topic: name, partition }) => `${name}:${partition}`).toSorted()).toEqual(
      [`${topic}:0`, `${other}:0`].toSorted(),
    );
  });
});
