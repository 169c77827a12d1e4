import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ended, runKs, said, startKs } from './harness/run-ks.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-cli-start-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Starts `ks start` on a free port; settles when it serves. */
async function start(...flags: readonly string[]) {
  const child = startKs(['start', '--port', '0', ...flags], { cwd: directory });
  const greeting = await said(child.stderr, /ctrl-c stops it\n/);
  const bootstrap = /ks serves on (\S+),/.exec(greeting)?.[1] ?? '';
  return {
    child,
    greeting,
    bootstrap,
    ks: (args: readonly string[], input = '') => runKs(args, { input, env: { KS_BROKERS: bootstrap } }),
    stop: async (signal: NodeJS.Signals) => {
      child.kill(signal);
      return ended(child);
    },
  };
}

/** A port that somebody else listens on. */
async function heldPort(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}

describe('ks start', () => {
  test.each(['data', './data/'])('keeps its records in --data %s from one start to the next', async (data) => {
    const first = await start('--data', data);
    expect(first.greeting).toBe(`ks serves on ${first.bootstrap}, data in ${data}; ctrl-c stops it\n`);
    expect((await first.ks(['topics', 'create', 'kept', '-p', '2'])).code).toBe(0);
    expect((await first.ks(['produce', 'kept', '-q'], 'one\ntwo\n')).code).toBe(0);
    expect((await first.stop('SIGINT')).code).toBe(0);
    expect(existsSync(join(directory, 'data', 'kept-0'))).toBe(true);

    const second = await start('--data', data);
    const { stdout } = await second.ks(['consume', 'kept', '-e', '-q']);
    expect(stdout.split('\n').sort()).toEqual(['', 'one', 'two']);
    expect((await second.stop('SIGTERM')).code).toBe(0);
  });

  test('loses nothing that was acknowledged to kill -9', async () => {
    const first = await start('--data', 'data');
    await first.ks(['topics', 'create', 'kept']);
    expect((await first.ks(['produce', 'kept', '-q'], 'one\ntwo\n')).code).toBe(0);
    await first.stop('SIGKILL');
    const second = await start('--data', 'data');
    expect((await second.ks(['consume', 'kept', '-e', '-q'])).stdout).toBe('one\ntwo\n');
    await second.stop('SIGINT');
  });

  test('--ephemeral writes nothing', async () => {
    const broker = await start('--ephemeral');
    expect(broker.greeting).toContain('data in memory');
    expect((await broker.ks(['topics', 'create', 'gone'])).code).toBe(0);
    expect((await broker.stop('SIGINT')).code).toBe(0);
    expect(existsSync(join(directory, 'data'))).toBe(false);
  });

  test.each([[['--data', 'data']], [['--ephemeral']]])(
    '-n 3 %j: three brokers that replicate and stop in order',
    async (flags) => {
      const cluster = await start('-n', '3', ...flags);
      const addresses = cluster.bootstrap.split(',');
      expect(addresses.length).toBe(3);
      expect((await cluster.ks(['topics', 'create', 'kept', '-r', '3'])).code).toBe(0);
      expect((await cluster.ks(['produce', 'kept', '-q'], 'one\ntwo\n')).code).toBe(0);
      for (const address of addresses) {
        const read = await runKs(['consume', 'kept', '-e', '-q'], { env: { KS_BROKERS: address } });
        expect(read.stdout).toBe('one\ntwo\n');
      }
      expect((await cluster.stop('SIGINT')).code).toBe(0);
      if (flags.length === 1) return;
      const single = await runKs(['start', '--port', '0', '--data', 'data'], { cwd: directory });
      expect([single.code, single.stderr]).toEqual([
        2,
        'error: --data: data holds several brokers: give -n, or another directory\n',
      ]);
      const again = await start('-n', '3', ...flags);
      expect((await again.ks(['consume', 'kept', '-e', '-q'])).stdout).toBe('one\ntwo\n');
      expect((await again.stop('SIGTERM')).code).toBe(0);
    },
  );

  test('several brokers do not move in with a single one', async () => {
    const holder = await start('--data', 'data');
    await holder.stop('SIGINT');
    const several = await runKs(['start', '-n', '3', '--port', '0', '--data', 'data'], { cwd: directory });
    expect([several.code, several.stdout]).toEqual([1, '']);
    expect(several.stderr).toBe(
      'error: data holds the data of a single broker: several need a directory of their own\n',
    );
  });

  test('a data directory that another broker holds, and a port that somebody listens on: one line each, exit 1', async () => {
    const holder = await start('--data', 'data');
    const { server, port } = await heldPort();
    const [held, taken] = await Promise.all([
      runKs(['start', '--port', '0', '--data', 'data'], { cwd: directory }),
      runKs(['start', '--port', String(port), '--data', 'other'], { cwd: directory }),
    ]);
    server.close();
    await holder.stop('SIGINT');
    expect([held.code, held.stdout, held.stderr]).toEqual([
      1,
      '',
      'error: log.dirs: data is in use by another broker\n',
    ]);
    expect([taken.code, taken.stdout]).toEqual([1, '']);
    expect(taken.stderr).toBe(
      `error: listeners: cannot listen on PLAINTEXT://127.0.0.1:${port}: the port is in use by another process\n`,
    );
  });

  test.each([
    [['--port', '0', '--override', 'num.partitions=many'], 1, /^error: num\.partitions: /],
    [['--port', '0', '--override', 'nonsense'], 2, /^error: "nonsense" is no key=value\n$/],
    [['--port', '70000'], 2, /^error: [\s\S]*70000/],
    [['--ephemeral', '--data', 'x'], 2, /^error: /],
    [['--port', '0', '--data', '/dev/null/x'], 1, /^(\{.*\}\n)?error: log\.dirs: .*\n$/],
  ])('%j: one line and an exit code', async (flags, code, line) => {
    const ran = await runKs(['start', ...flags], { cwd: directory });
    expect([ran.code, ran.stdout]).toEqual([code, '']);
    expect(ran.stderr).toMatch(line);
  });
});

describe('ks broker run', () => {
  test('serves as its file says, over which environment and flags go, and logs on standard output', async () => {
    const config = join(directory, 'server.properties');
    await writeFile(
      config,
      `node.id=7\nlisteners=PLAINTEXT://127.0.0.1:0\nlog.dirs=${join(directory, 'data')}\nnum.partitions=2\n`,
    );
    const child = startKs(['broker', 'run', '--config', config, '--override', 'num.partitions=4'], {
      cwd: directory,
      env: { KS_NUM_PARTITIONS: '3' },
    });
    const log = await said(child.stdout, /PLAINTEXT[^\n]*:\d+[^\n]*\n/);
    const address = /127\.0\.0\.1:(\d+)/.exec(log)?.[0] ?? '';
    const created = await runKs(['topics', 'create', 't', '-o', 'json', '-b', address]);
    expect(JSON.parse(created.stdout)).toMatchObject([{ partitions: 4 }]);
    child.kill('SIGTERM');
    const { code, stderr } = await ended(child);
    expect([code, stderr]).toEqual([0, '']);
  });

  test('a file that is not there, and one that makes no sense: exit 1', async () => {
    const config = join(directory, 'server.properties');
    await writeFile(config, 'num.partitions=many\n');
    const [missing, wrong] = await Promise.all([
      runKs(['broker', 'run', '--config', join(directory, 'nothing')]),
      runKs(['broker', 'run', '--config', config], { cwd: directory }),
    ]);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/^error: cannot read the configuration .*\n$/),
    ]);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringMatching(/^error: num\.partitions: .*\n$/)]);
  });
});
