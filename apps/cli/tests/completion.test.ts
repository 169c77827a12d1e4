import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cleanEnvironment, ksCommand, runKs } from './harness/run-ks.ts';
import { useTestCluster } from './harness/test-cluster.ts';

const cluster = useTestCluster();

/** Names are cached below it. */
let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'ks-cli-completion-'));
});
afterAll(() => rm(home, { recursive: true }));

const ks = ksCommand([])
  .map((word) => `'${word}'`)
  .join(' ');

/** How each shell is asked, with the script of `ks completion`, what it offers behind the words that it is given. */
const shells = {
  bash: `
    ks() { ${ks} "$@"; }
    eval "$(ks completion bash)"
    COMP_WORDS=(ks "$@")
    COMP_CWORD=$#
    _ks_completion
    printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: `
    ks() { ${ks} "$@"; }
    compdef() { }
    compadd() { print -l -- "\${(@P)3}"; }
    _files() { print -- files; }
    eval "$(ks completion zsh)"
    words=(ks "$@")
    CURRENT=$#words
    _ks`,
  fish: `
    function ks; ${ks} $argv; end
    ks completion fish | source
    complete -C "ks $argv"`,
} as const;

async function offered(shell: keyof typeof shells, words: readonly string[]): Promise<string[]> {
  // fish wants the words as they were typed, the others one by one.
  const args =
    shell === 'fish' ? ['--no-config', '-c', shells.fish, words.join(' ')] : ['-c', shells[shell], shell, ...words];
  const { stdout } = await promisify(execFile)(shell, args, {
    env: cleanEnvironment({ KS_BROKERS: cluster.bootstrap, XDG_CACHE_HOME: home, HOME: home }),
  });
  return stdout.split('\n').filter((line) => line !== '');
}

const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;

// Not every machine has every shell; `.ci/prerequisites` asks the distribution for them.
for (const shell of ['bash', 'zsh', 'fish'] as const)
  test.skipIf(!isThere(shell))(`${shell} completes commands, flags, and topics and groups of the cluster`, async () => {
    await cluster.client.admin.createTopic('outbox', {}).catch(() => undefined);
    await cluster.client.admin.alterGroupOffsets('readers', [{ topic: 'outbox', partition: 0, offset: 0 }]);
    const [commands, flags, topics, groups] = await Promise.all([
      offered(shell, ['to']),
      offered(shell, ['topics', 'create', '--part']),
      offered(shell, ['consume', '-e', 'outb']),
      offered(shell, ['consume', '-g', '']),
    ]);
    expect([commands, flags, topics, groups.includes('readers')]).toEqual([
      ['topics'],
      ['--partitions'],
      ['outbox'],
      true,
    ]);
  });

test('names of a cluster are asked for once in a while, not at every key', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'ks-cli-cache-'));
  try {
    const ask = (brokers: string) =>
      runKs(['__complete', '--', 'topics', 'describe', '-b', brokers, 'out'], { env: { XDG_CACHE_HOME: cache } });
    await cluster.client.admin.createTopic('outgoing', {});
    const first = (await ask(cluster.bootstrap)).stdout.split('\n');
    expect(first).toContain('outgoing');
    await cluster.client.admin.createTopic('outlet', {});
    expect((await ask(cluster.bootstrap)).stdout.split('\n')).toEqual(first);
    // Another cluster has other names.
    expect((await ask('127.0.0.1:1')).stdout).toBe('');
  } finally {
    await rm(cache, { recursive: true });
  }
});

test('nobody to ask is no candidate, and no complaint', async () => {
  const { code, stdout, stderr } = await runKs(['__complete', '--', 'consume', ''], {
    env: { KS_BROKERS: '127.0.0.1:1', XDG_CACHE_HOME: home },
  });
  expect([code, stdout, stderr]).toEqual([0, '', '']);
});
