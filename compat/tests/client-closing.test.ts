import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { type Client, connect, KafkaError } from '@ks/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { atEachBroker, type BrokerOfTest } from '../src/client-brokers.ts';

// Closing and aborting, whatever is under way: everything settles, with a typed error or a result, and nothing is left behind.

atEachBroker((start) => {
  let broker: BrokerOfTest;

  beforeAll(async () => {
    broker = await start();
    await using ks = await connect({ brokers: broker.bootstrap });
    await ks.admin.createTopic('t', { partitions: 3 });
    await ks.producer().sendBatch(
      't',
      Array.from({ length: 300 }, (_, index) => ({ value: `${index}`, key: `${index}` })),
    );
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  /** One of everything that takes time, until `signal` fires. */
  function everything(ks: Client, turn: string, signal?: AbortSignal): Promise<unknown>[] {
    const drained = async (records: AsyncIterable<unknown>): Promise<void> => {
      for await (const _ of records);
    };
    const options = signal === undefined ? {} : { signal };
    const sent = async (): Promise<void> => {
      const producer = ks.producer({ lingerMs: 3 });
      while (signal?.aborted !== true) await producer.send('t', { value: 'x', key: null }, options);
    };
    const transactions = async (): Promise<void> => {
      const producer = ks.producer({ transactionalId: `t-${turn}` });
      while (signal?.aborted !== true)
        await producer.transaction((tx) => tx.send('t', { value: 'x', key: null }), options);
    };
    const processed = ks
      .consumer({ group: `p-${turn}` })
      .process('t', { producer: ks.producer({ transactionalId: `p-${turn}` }), ...options }, async (batch, tx) => {
        for (const record of batch) await tx.send('t', { value: record.value, key: null });
      });
    return [
      sent(),
      transactions(),
      processed,
      drained(ks.consumer({ from: 'beginning' }).read(options, 't')),
      drained(ks.consumer({ group: `c-${turn}`, protocol: 'classic' }).read(options, 't')),
      drained(ks.consumer({ group: `n-${turn}`, protocol: 'consumer', from: 'beginning' }).batches(options, 't')),
      ks.consumer({ group: `r-${turn}`, from: 'beginning' }).run('t', { concurrency: 4, ...options }, async () => {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }),
      ks.admin.listOffsets([{ topic: 't', partition: 0, at: 'end' }], options),
      ks.admin.describeTopics(['t'], options),
    ];
  }

  const wrongEnds = (ends: readonly PromiseSettledResult<unknown>[], names: readonly string[]): unknown[] =>
    ends.flatMap((end) => {
      if (end.status === 'fulfilled') return [];
      return end.reason instanceof KafkaError && names.includes(end.reason.name) ? [] : [end.reason];
    });

  test.each([0, 5, 40, 150, 400])('a client that is closed after %i ms settles everything', async (delayMs) => {
    const ks = await connect({ brokers: broker.bootstrap });
    const all = Promise.allSettled(everything(ks, `close-${delayMs}`));
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await ks.close();
    expect(wrongEnds(await all, ['CLOSED'])).toEqual([]);
  });

  test.each([0, 5, 40, 150, 400])('a signal after %i ms ends every wait; the client goes on', async (delayMs) => {
    await using ks = await connect({ brokers: broker.bootstrap });
    const all = Promise.allSettled(everything(ks, `abort-${delayMs}`, AbortSignal.timeout(delayMs)));
    expect(wrongEnds(await all, ['ABORTED'])).toEqual([]);
    expect(await ks.admin.describeTopics(['t'])).toHaveLength(1);
  });

  test('a program ends by itself once its client is closed', async () => {
    const file = join(import.meta.dirname, '..', `closing-${process.pid}-${Math.random()}.tmp.mjs`);
    await writeFile(
      file,
      `import { connect } from '@ks/client';
       const ks = await connect({ brokers: '${broker.bootstrap}' });
       await ks.producer().send('t', { value: 'x', key: null });
       await ks.producer({ transactionalId: 'program' }).transaction((tx) => tx.send('t', { value: 'x', key: null }));
       for await (const _ of ks.consumer({ from: 'beginning' }).read('t')) break;
       for (const protocol of ['classic', 'consumer'])
         for await (const _ of ks.consumer({ group: 'program-' + protocol, protocol, from: 'beginning' }).read('t')) break;
       void ks.consumer({ group: 'program-run', from: 'beginning' }).run('t', {}, () => {});
       await ks.close();
       console.log('closed');`,
    );
    try {
      const run = promisify(execFile)(process.execPath, ['--conditions=@ks/source', file], { timeout: 30_000 });
      expect((await run).stdout).toBe('closed\n');
    } finally {
      await import('node:fs/promises').then(({ rm }) => rm(file));
    }
  });
});
