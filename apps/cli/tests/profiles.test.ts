import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadSettings } from '../src/settings/load-settings.ts';
import { type Ended, runKs } from './harness/run-ks.ts';

let directory = '';
let config = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ks-cli-profiles-'));
  config = join(directory, 'made', 'config.yaml');
});
afterEach(() => rm(directory, { recursive: true }));

const ks = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
  runKs(args, { cwd: directory, env: { KS_CONFIG: config, ...env } });

const settings = (given: {
  readonly flags?: object;
  readonly environment?: Record<string, string>;
  readonly directory?: string;
}) =>
  loadSettings({
    flags: given.flags ?? {},
    environment: { KS_CONFIG: config, ...given.environment },
    directory: given.directory ?? directory,
    homeDirectory: directory,
  });

describe('ks profile', () => {
  test('create, use, back, list, print, change, delete', async () => {
    const created = await ks(['profile', 'create', 'local', '-b', 'localhost:9092', '--use']);
    expect([created.code, created.stdout, created.stderr]).toEqual([0, '', `profile local created in ${config}\n`]);
    expect((await stat(config)).mode & 0o077).toBe(0);
    await ks([
      'profile',
      'create',
      'prod',
      '-b',
      'kafka-1:9092,kafka-2:9092',
      '-X',
      'protected=true',
      '-X',
      'color=red',
    ]);

    const twice = await ks(['profile', 'create', 'prod', '-b', 'x:1']);
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('try: ks profile create prod --update')]);

    expect((await ks(['profile', 'use', 'prod'])).stderr).toBe('using profile prod\n');
    expect((await ks(['profile', 'current'])).stdout).toBe('prod\n');
    expect((await ks(['profile', 'use', '-'])).stderr).toBe('using profile local\n');
    const misspelt = await ks(['profile', 'use', 'prdo']);
    expect([misspelt.code, misspelt.stderr]).toEqual([5, expect.stringContaining('did you mean "prod"?')]);

    const listed = await ks(['profile', 'list', '-o', 'json']);
    expect(JSON.parse(listed.stdout)).toEqual([
      { name: 'local', isCurrent: true, brokers: 'localhost:9092' },
      { name: 'prod', isCurrent: false, brokers: 'kafka-1:9092,kafka-2:9092', protected: 'true', color: 'red' },
    ]);
    expect((await ks(['profile', 'list', '-o', 'name'])).stdout).toBe('local\nprod\n');

    await ks(['profile', 'create', 'prod', '--update', '--timeout', '7']);
    const printed = await ks(['profile', 'print', '-P', 'prod', '-o', 'json'], { KS_CLIENT_ID: 'me' });
    expect(JSON.parse(printed.stdout)).toEqual([
      { key: 'brokers', value: 'kafka-1:9092,kafka-2:9092', source: 'profile prod' },
      { key: 'timeout', value: '7', source: 'profile prod' },
      { key: 'client.id', value: 'me', source: 'the environment' },
      { key: 'color', value: 'red', source: 'profile prod' },
      { key: 'protected', value: 'true', source: 'profile prod' },
      { key: 'read.only', value: 'false', source: 'the default' },
    ]);

    const deleted = await ks(['profile', 'delete', 'local', 'prod']);
    expect([deleted.code, deleted.stderr]).toEqual([0, `deleted local, prod from ${config}\n`]);
    expect((await ks(['profile', 'current'])).code).toBe(5);
  });

  test('a protected cluster takes more than -y', async () => {
    await ks(['profile', 'create', 'prod', '-b', '127.0.0.1:1', '-X', 'protected=true']);
    await ks(['profile', 'create', 'bad-name/', '-b', 'x:1']).then(({ code }) => expect(code).toBe(2));
    const settingsOfProd = await settings({ flags: { profile: 'prod' } });
    expect([settingsOfProd.isProtected, settingsOfProd.place]).toEqual([true, 'prod (127.0.0.1:1)']);
  });

  test.each([
    [['-X', 'brokrs=x:1'], /unknown setting "brokrs" \(from -X\)[\s\S]*did you mean "brokers"/],
    [['-X', 'timeout=soon'], /timeout \(from -X\): "soon"/],
    [['-X', 'tls.ca=x'], /TLS and SASL are not built/],
    [['-X', 'nothing'], /no key=value/],
    [['-P', 'nowhere'], /no profile "nowhere"/],
  ])('%j is refused before anything is connected to', async (args, why) => {
    const { code, stdout, stderr } = await ks(['topics', 'list', ...args]);
    expect([code, stdout]).toEqual([args[0] === '-P' ? 5 : 2, '']);
    expect(stderr).toMatch(why);
  });
});

describe('settings', () => {
  beforeEach(async () => {
    await mkdir(join(directory, 'made'));
    await writeFile(
      config,
      '# mine\ncurrent: home\nprofiles:\n  home: { brokers: home:1, timeout: 11 } # here\n  work: { brokers: [w1:1, w2:1] }\n',
    );
  });

  test('come from flag, -X, environment, profile, default, in this order', async () => {
    const environment: Record<string, string> = { KS_BROKERS: 'env:1' };
    const flags: { brokers?: string; override?: string[]; timeout?: number } = {};
    const brokers = async () => (await settings({ flags, environment })).brokers;
    expect((await settings({})).brokers).toBe('home:1');
    expect(await brokers()).toBe('env:1');
    flags.override = ['brokers=x:1'];
    expect(await brokers()).toBe('x:1');
    flags.brokers = 'flag:1';
    expect(await brokers()).toBe('flag:1');
    const all = await settings({ flags: { timeout: 3 }, environment });
    expect([all.timeoutMs, all.clientId, all.profile]).toEqual([3000, 'ks', 'home']);
    expect((await settings({})).timeoutMs).toBe(11_000);
  });

  test('-P goes before KS_PROFILE, that before the project, that before the current profile', async () => {
    const project = join(directory, 'repository');
    const below = join(project, 'deep', 'below');
    await mkdir(below, { recursive: true });
    await mkdir(join(project, '.git'));
    await writeFile(join(project, '.ks.yaml'), 'profile: work\ntimeout: 5\n');
    const found = await settings({ directory: below });
    expect([found.profile, found.brokers, found.timeoutMs]).toEqual(['work', 'w1:1,w2:1', 5000]);
    const named = await settings({ directory: below, environment: { KS_PROFILE: 'home' } });
    expect([named.profile, named.timeoutMs]).toEqual(['home', 11_000]);
    const flagged = await settings({
      directory: below,
      environment: { KS_PROFILE: 'home' },
      flags: { profile: 'work' },
    });
    expect(flagged.profile).toBe('work');
  });

  test("a .ks.yaml above a directory that is no repository is nobody's", async () => {
    const below = join(directory, 'below');
    await mkdir(below);
    await writeFile(join(directory, '.ks.yaml'), 'brokers: planted:1\n');
    expect((await settings({ directory: below })).brokers).toBe('home:1');
    expect((await settings({ directory })).brokers).toBe('planted:1');
  });

  test('comments in the file survive a change', async () => {
    await ks(['profile', 'create', 'new', '-b', 'n:1']);
    const text = await readFile(config, 'utf8');
    expect(text).toContain('# mine');
    expect(text).toContain('# here');
    expect((await settings({ flags: { profile: 'new' } })).brokers).toBe('n:1');
  });

  test.each([
    '[',
    '- a\n- b\n',
    'profiles: { home: 3 }\ncurrent: home\n',
    'profiles: { home: { brokrs: x } }\ncurrent: home\n',
  ])('a file that makes no sense is named: %j', async (text) => {
    await writeFile(config, text);
    await expect(settings({})).rejects.toThrow(/config\.yaml|profile home/);
  });
});
