import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { haveEtcd, startEtcd } from './harness/etcd.ts';
import { cleanEnvironment, said } from './harness/run-ks.ts';
import { useTestCluster } from './harness/test-cluster.ts';

// What `npx ks` runs: bin/ks.js and the bundle, alone in a directory without node_modules.

const cluster = useTestCluster();
const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-cli-bundle-'));
  await Promise.all([
    cp(join(root, 'bin'), join(directory, 'bin'), { recursive: true }),
    cp(join(root, 'package.json'), join(directory, 'package.json')),
    run(process.execPath, [join(root, 'build.js'), join(directory, 'bundle')]),
  ]);
});
afterAll(() => rm(directory, { recursive: true }));

const bundled = (args: readonly string[]) =>
  run(process.execPath, [join(directory, 'bin', 'ks.js'), ...args], {
    env: cleanEnvironment({ KS_BROKERS: cluster.bootstrap }),
    cwd: directory,
  });

test('commands, their help and their errors work from the bundle alone', async () => {
  const topic = await cluster.topic(3);
  const [help, listed, described] = await Promise.all([
    bundled(['consume', '--help']),
    bundled(['topics', 'list', '-o', 'name']),
    bundled(['topics', 'describe', topic, '-o', 'yaml']),
  ]);
  expect(help.stdout.indexOf('EXAMPLES')).toBeLessThan(help.stdout.indexOf('GLOBAL FLAGS'));
  expect(listed.stdout.split('\n')).toContain(topic);
  expect(described.stdout).toContain('partition: 2');
  await expect(bundled(['topcs'])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('try: ks topics'),
  });
});

test('a broker starts from the bundle', async () => {
  const child = execFile(process.execPath, [join(directory, 'bin', 'ks.js'), 'start', '--port', '0', '--ephemeral'], {
    env: cleanEnvironment(),
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  if (child.stderr === null) throw new Error('it has no standard error');
  expect(await said(child.stderr, /\n/)).toContain('data in memory');
  child.kill('SIGINT');
  expect(await ended).toBe(0);
});

test.skipIf(!haveEtcd)('a broker over etcd starts from the bundle, which has no folder of .proto files', async () => {
  await using etcd = await startEtcd();
  const properties = join(directory, 'server.properties');
  const lines = [
    'listeners=PLAINTEXT://127.0.0.1:0',
    `log.dirs=${join(directory, 'data')}`,
    `metadata.store=etcd://${etcd.host}/bundle`,
  ];
  await writeFile(properties, lines.join('\n'));
  const child = execFile(process.execPath, [join(directory, 'bin', 'ks.js'), 'broker', 'run', '--config', properties], {
    env: cleanEnvironment(),
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  if (child.stdout === null) throw new Error('it has no standard output');
  const ready = await said(child.stdout, /"Ready"/);
  const [, address = ''] = /PLAINTEXT:\/\/([\d.:]+)/.exec(ready) ?? [];
  const { stdout } = await bundled(['topics', 'create', 'over-etcd', '--brokers', address]);
  expect(stdout).toContain('over-etcd');
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
});
