import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createPinoLogger, type LocalCluster, startLocalCluster } from '@ks/broker';
import { connect } from '@ks/client';
import { expect, test } from 'vitest';
import { callKs } from './harness/call-ks.ts';
import { runKs } from './harness/run-ks.ts';
import { bytes } from './harness/test-cluster.ts';

const start = (directory: string, brokerCount: number): Promise<LocalCluster> =>
  startLocalCluster({
    ...{ brokerCount, directory, host: '127.0.0.1', port: 0 },
    logger: createPinoLogger({ level: 'silent' }),
  });
const bootstrapOf = ({ brokers }: LocalCluster): string => brokers.map(({ port }) => `127.0.0.1:${port}`).join(',');

test('a broker gives all it holds to the others, and is forgotten once it has stopped', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'ks-decommission-'));
  try {
    const four = await start(directory, 4);
    {
      await using client = await connect({ brokers: bootstrapOf(four) });
      await client.admin.createTopic('orders', { partitions: 8, replicationFactor: 3 });
      await using producer = client.producer();
      await producer.sendBatch(
        'orders',
        [0, 1, 2, 3, 4, 5, 6, 7].map((partition) => ({ partition, value: bytes('v') })),
      );
      const look = await callKs(['cluster', 'decommission', '4', '--dry-run', '-o', 'json'], bootstrapOf(four));
      const planned: readonly { status: string }[] = JSON.parse(look.stdout);
      expect(planned).toHaveLength(6);
      expect(planned.every(({ status }) => status === 'would be moved')).toBe(true);
      const unagreed = await runKs(['cluster', 'decommission', '4', '-b', bootstrapOf(four)]);
      expect(unagreed).toMatchObject({ code: 2, stdout: '' });
      expect(unagreed.stderr).toContain('add -y');
      const done = await callKs(['cluster', 'decommission', '4', '-y', '-o', 'json'], bootstrapOf(four));
      expect(JSON.parse(done.stdout)).toHaveLength(6);
      expect(done.stderr).toContain('broker 4 holds nothing any more: stop it');
      // Whichever broker is asked: the command has waited for one of them.
      const held = async () => (await client.admin.describeTopics(['orders'])).flatMap(({ partitions }) => partitions);
      while ((await held()).some(({ replicas, isr }) => [...replicas, ...isr].includes(4))) await pause(20);
      for (const { replicas, isr } of await held()) {
        expect(replicas.toSorted()).toEqual([1, 2, 3]);
        expect(isr.toSorted()).toEqual([1, 2, 3]);
      }
    }
    await four.stop();
    const three = await start(directory, 3);
    const forgotten = await callKs(['cluster', 'decommission', '4', '-y'], bootstrapOf(three));
    expect(forgotten.stderr).toContain('broker 4 is forgotten');
    const again = await runKs(['cluster', 'decommission', '4', '-y', '-b', bootstrapOf(three)]);
    expect(again.code).toBe(5);
    expect(again.stderr).toContain('there is no broker 4');
    const impossible = await runKs(['cluster', 'decommission', '3', '-y', '-b', bootstrapOf(three)]);
    expect(impossible.stderr).toContain('there is no place for all');
    await three.stop();
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
