import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { beforeEach, describe, expect, test } from 'vitest';
import { printableBytes } from '../src/consume/printable-bytes.ts';
import { cleanEnvironment, ksCommand } from './harness/run-ks.ts';
import { bytes, useTestCluster } from './harness/test-cluster.ts';

const cluster = useTestCluster();
const hasScript = await new Promise<boolean>((resolve) => {
  spawn('script', ['--version'])
    .once('error', () => resolve(false))
    .once('close', (code) => resolve(code === 0));
});

/** Runs `ks` at a terminal of its own, by util-linux's `script`, and gives all that the terminal got. */
async function atTerminal(
  args: readonly string[],
  typed: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const command = ksCommand(args)
    .map((word) => `'${word}'`)
    .join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: tmpdir(),
    env: cleanEnvironment({ KS_BROKERS: cluster.bootstrap, TERM: 'xterm-256color', ...env }),
  });
  const shown: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    shown.push(chunk);
    if (typed !== '' && chunk.toString().includes('[y/N]')) child.stdin.write(typed);
  });
  await new Promise((resolve) => child.once('close', resolve));
  return Buffer.concat(shown).toString();
}

describe('at a terminal', () => {
  beforeEach(({ skip }) => {
    if (!hasScript) skip('script is not installed');
  });

  test('values cannot steer it: control characters are shown', async () => {
    const topic = await cluster.topic();
    await cluster.write(topic, [
      { value: bytes('\u001b[2J\u0007\u009b31mred\rover') },
      { value: bytes('tab\there, höhe') },
    ]);
    const shown = await atTerminal(['consume', topic, '-e', '-q'], '');
    expect(shown).toBe('\\x1b[2J\\x07\\x9b31mred\\x0dover\r\ntab\there, höhe\r\n');
  });

  test('what cannot be undone is asked, and only a yes does it', async () => {
    const topic = await cluster.topic();
    expect(await atTerminal(['topics', 'delete', topic], 'n\r')).toContain('nothing was changed');
    const names = async () => (await cluster.client.admin.listTopics()).map(({ name }) => name);
    expect(await names()).toContain(topic);
    expect(await atTerminal(['topics', 'delete', topic], 'y\r')).toMatch(/deleted/);
    expect(await names()).not.toContain(topic);
  });

  test('errors are red there, unless NO_COLOR or a dumb terminal says otherwise', async () => {
    const run = (env: Readonly<Record<string, string>>) => atTerminal(['topics', 'describe', 'no-such-topic'], '', env);
    const [plain, refused, dumb] = await Promise.all([run({}), run({ NO_COLOR: '1' }), run({ TERM: 'dumb' })]);
    expect(plain).toContain('\u001b[31merror:');
    expect(refused).not.toContain('\u001b');
    expect(dumb).not.toContain('\u001b');
  });
});

describe('printable bytes', () => {
  test('what has nothing to change is the same array', () => {
    const text = bytes('line\n\ttabbed, höhe, 漢字\n');
    expect(printableBytes(text)).toBe(text);
  });

  test('what is no UTF-8 is shown as such', () => {
    expect(Buffer.from(printableBytes(Uint8Array.of(0x61, 0xff, 0x00, 0x7f))).toString()).toBe('a\ufffd\\x00\\x7f');
  });
});
