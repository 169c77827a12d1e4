import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Ended, runKs } from './harness/run-ks.ts';
import { useTestCluster } from './harness/test-cluster.ts';

const cluster = useTestCluster();

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-cli-profile-changes-'));
});
afterEach(() => rm(directory, { recursive: true }));

const ks = (...args: readonly string[]): Promise<Ended> =>
  runKs(['profile', ...args], { cwd: directory, env: { KS_CONFIG: join(directory, 'config.yaml') } });
const written = (): Promise<string> => readFile(join(directory, 'config.yaml'), 'utf8');

test('keys are set and taken out, and a profile takes its place along to another name', async () => {
  await ks('create', 'here', '-b', 'h:1', '--use');
  expect((await ks('set', 'timeout=7', 'color=red')).code).toBe(0);
  expect((await ks('set', 'color=')).stderr).toBe(`profile here changed in ${join(directory, 'config.yaml')}\n`);
  expect(await written()).toMatch(/timeout: "?7"?\n/);
  expect(await written()).not.toContain('color');
  const wrong = await ks('set', 'timeout=soon');
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('no whole number of seconds')]);
  expect((await ks('rename', 'here', 'there')).code).toBe(0);
  expect((await ks('current')).stdout).toBe('there\n');
  expect((await ks('rename', 'here', 'x')).code).toBe(5);
});

test('validate asks the brokers of each, and one that does not answer is an error', async () => {
  await ks('create', 'alive', '-b', cluster.bootstrap);
  expect(JSON.parse((await ks('validate', '-o', 'json')).stdout)).toEqual([
    { name: 'alive', status: 'ok', brokers: 1 },
  ]);
  await ks('create', 'gone', '-b', '127.0.0.1:1');
  const both = await ks('validate', '-o', 'json');
  const rows: { readonly name: string; readonly status: string }[] = JSON.parse(both.stdout);
  expect([both.code, rows.map(({ name, status }) => [name, status])]).toEqual([
    1,
    [
      ['alive', 'ok'],
      ['gone', 'failed'],
    ],
  ]);
});

test("import makes profiles of another tool's file", async () => {
  const rpk = join(directory, 'rpk.yaml');
  await writeFile(
    rpk,
    'current_profile: b\nprofiles:\n- { name: a, kafka_api: { brokers: [x:1] } }\n- { name: b, kafka_api: { brokers: [y:1, z:2] } }\n',
  );
  const dry = await ks('import', rpk, '--from', 'rpk', '--use', '--dry-run');
  expect([dry.code, dry.stderr]).toEqual([0, `would import a, b from ${rpk}\n`]);
  expect((await ks('list', '-o', 'name')).stdout).toBe('');
  expect((await ks('import', rpk, '--from', 'rpk', '--use')).code).toBe(0);
  expect((await ks('current')).stdout).toBe('b\n');
  expect(await written()).toMatch(/brokers: "?y:1,z:2"?/);
  const again = await ks('import', rpk, '--from', 'rpk');
  expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('add --update')]);
});
