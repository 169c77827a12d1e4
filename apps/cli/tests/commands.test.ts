import { describe, expect, test } from 'vitest';
import { commands } from '../src/commands.ts';
import { runKs } from './harness/run-ks.ts';

// What holds for every command, those of tomorrow too.

interface CommandShape {
  readonly args?: Readonly<Record<string, { readonly ignoreStdin?: boolean }>>;
  readonly flags?: Readonly<
    Record<
      string,
      {
        readonly char?: string;
        readonly multiple?: boolean;
        readonly multipleNonGreedy?: boolean;
        readonly description?: string;
        readonly aliases?: readonly string[];
        readonly hidden?: boolean;
      }
    >
  >;
  readonly examples?: readonly unknown[];
  readonly summary?: string;
  readonly hidden?: boolean;
  readonly hiddenAliases?: readonly string[];
}

const all: readonly (readonly [string, CommandShape])[] = Object.entries(commands);

/** cli.md, section 4: frozen. */
const shortFlags: Readonly<Record<string, readonly string[]>> = {
  b: ['brokers'],
  P: ['profile'],
  X: ['override'],
  o: ['output', 'offset'],
  f: ['format'],
  J: ['ndjson'],
  n: ['count'],
  e: ['end'],
  g: ['group'],
  G: ['grep'],
  p: ['partition', 'partitions'],
  r: ['regex', 'replicas'],
  k: ['key'],
  H: ['header'],
  z: ['compression'],
  Z: ['tombstone'],
  y: ['yes'],
  w: ['watch'],
  q: ['quiet'],
  v: ['verbose'],
  D: ['delimiter'],
  K: ['key-delimiter'],
  c: ['config'],
  t: ['topic'],
};

describe.each(all)('%s', (_, command) => {
  test('reads no positional argument from standard input', () => {
    for (const [name, arg] of Object.entries(command.args ?? {})) expect([name, arg.ignoreStdin]).toEqual([name, true]);
  });

  test('has a summary, examples, and a line for every flag', () => {
    expect(command.summary).toMatch(/^\S/);
    expect(command.examples?.length ?? 0).toBeGreaterThanOrEqual(2);
    expect(command.examples?.length ?? 0).toBeLessThanOrEqual(5);
    for (const [name, flag] of Object.entries(command.flags ?? {}))
      expect([name, typeof flag.description]).toEqual([name, 'string']);
  });

  test('swallows no argument behind a flag that may be repeated', () => {
    for (const [name, flag] of Object.entries(command.flags ?? {})) {
      if (flag.multiple === true) expect([name, flag.multipleNonGreedy]).toEqual([name, true]);
    }
  });

  test('gives short flags the meaning they have everywhere', () => {
    for (const [name, { char }] of Object.entries(command.flags ?? {})) {
      if (char !== undefined) expect(shortFlags[char] ?? `-${char} is not agreed on`).toContain(name);
    }
  });
});

test('the commands, their flags and their other names are as agreed: a change breaks scripts', () => {
  const contract = Object.fromEntries(
    all.map(([id, { flags, hiddenAliases }]) => [
      id,
      {
        flags: Object.entries(flags ?? {})
          .map(([name, { char, aliases }]) =>
            [char === undefined ? name : `${name} -${char}`, ...(aliases ?? [])].join(' = '),
          )
          .sort(),
        also: [...(hiddenAliases ?? [])].sort(),
      },
    ]),
  );
  expect(contract).toMatchSnapshot();
});

describe('help', () => {
  test('of ks names every command and every group of commands', async () => {
    const { code, stdout, stderr } = await runKs(['--help']);
    expect([code, stderr]).toEqual([0, '']);
    for (const [id, { hidden }] of all) {
      if (hidden !== true) expect(stdout).toContain(id.split(':')[0]);
      else expect(stdout).not.toContain(id);
    }
  });

  test('of a command has its examples before its flags', async () => {
    const { code, stdout } = await runKs(['topics', 'create', '--help']);
    expect(code).toBe(0);
    const places = ['USAGE', 'EXAMPLES', 'ARGUMENTS', '\nFLAGS', 'GLOBAL FLAGS'].map((word) => stdout.indexOf(word));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  test('of a group lists its commands, also for the bare group', async () => {
    const [asked, bare] = await Promise.all([runKs(['topics', '--help']), runKs(['topics'])]);
    expect(asked.stdout).toContain('topics describe');
    expect(bare.stdout).toBe(asked.stdout);
  });

  test('-X list shows the settings, on its own and behind a command', async () => {
    const [alone, behind] = await Promise.all([runKs(['-X', 'list']), runKs(['topics', 'list', '-X', 'help'])]);
    expect(alone.stdout).toContain('KS_CLIENT_ID');
    expect(behind.stdout).toBe(alone.stdout);
  });

  test('version', async () => {
    const { code, stdout } = await runKs(['version']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ks \d+\.\d+\.\d+, node v24\./)]);
  });
});

describe('what is no command', () => {
  test.each([
    [['topcs', 'list'], 'ks topics list'],
    [['topics', 'lst'], 'ks topics list'],
    [['prodcue', 'x'], 'ks produce'],
    [['xyzzy'], 'ks --help'],
  ])('%j: exit 2 and what was meant', async (args, hint) => {
    const { code, stdout, stderr } = await runKs(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: ks has no command /);
    expect(stderr).toContain(`try: ${hint}\n`);
  });

  test.each([
    [['topics', 'list', '--nope']],
    [['consume']],
    [['produce']],
    [['topics', 'list', 'surplus']],
    [['topics', 'list', '-o', 'xml']],
    [['consume', 't', '-n', 'many']],
    [['consume', 't', '-J', '-f', '%v']],
    [['broker', 'run']],
  ])('%j: exit 2', async (args) => {
    const { code, stdout, stderr } = await runKs(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^error: /);
  });

  test('a topic is not taken from standard input', async () => {
    const { code, stderr } = await runKs(['produce'], { input: 'hello\n' });
    expect([code, stderr]).toEqual([2, expect.stringContaining('Missing 1 required arg')]);
  });
});
