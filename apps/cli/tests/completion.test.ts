import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { cleanEnvironment, ksCommand, runKs } from './harness/run-ks.ts';
import { useTestCluster } from './harness/test-cluster.ts';

const cluster = useTestCluster();

/** What bash offers behind these words, with the script of `ks completion bash`. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const script = `
    ks() { ${ksCommand([])
      .map((word) => `'${word}'`)
      .join(' ')} "$@"; }
    eval "$(ks completion bash)"
    COMP_WORDS=(ks "$@")
    COMP_CWORD=$#
    _ks_completion
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script, 'bash', ...words], {
    env: cleanEnvironment({ KS_BROKERS: cluster.bootstrap }),
  });
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash completes commands, flags, and topics and groups of the cluster', async () => {
  const topic = await cluster.topic();
  await cluster.client.admin.alterGroupOffsets('readers', [{ topic, partition: 0, offset: 0 }]);
  const [commands, flags, topics, groups] = await Promise.all([
    offered('to'),
    offered('topics', 'create', '--part'),
    offered('consume', '-e', 'top'),
    offered('consume', '-g', ''),
  ]);
  expect([commands, flags, topics, groups]).toEqual([['topics'], ['--partitions'], [topic], ['readers']]);
});

test('nobody to ask is no candidate, and no complaint', async () => {
  const { code, stdout, stderr } = await runKs(['__complete', '--', 'consume', ''], {
    env: { KS_BROKERS: '127.0.0.1:1' },
  });
  expect([code, stdout, stderr]).toEqual([0, '', '']);
});
