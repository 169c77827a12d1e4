import { type Client, connect } from '@ks/client';
import { kcat } from '../kcat.ts';
import { TransactionOutcomes } from '../kill-rounds/transaction-outcomes.ts';
import type { Worker } from '../kill-rounds/worker.ts';
import { pause } from './fault-cluster.ts';
import { compareTold } from './java-producer.ts';

async function connected(bootstrap: string, isOver: () => boolean): Promise<Client> {
  for (;;) {
    try {
      return await connect({ brokers: bootstrap, requestTimeoutMs: 5000 });
    } catch (error) {
      if (isOver()) throw error;
      await pause(50);
    }
  }
}

/** Our client, idempotent, several batches under way: what it was told is at its offset, each record once, in order. */
export function ksProducer(): Worker {
  const topic = 'ks-idempotent';
  const told: { readonly partition: number; readonly offset: number; readonly value: string }[] = [];
  return {
    topic,
    async run(bootstrap, isOver) {
      await using client = await connected(bootstrap, isOver);
      const producer = client.producer({ lingerMs: 1 });
      const underWay = new Set<Promise<void>>();
      for (let count = 0; !isOver(); count += 1) {
        const value = `${count}`;
        const sending = producer.send(topic, { value, partition: count % 3 }).then(
          ({ partition, offset }) => {
            told.push({ partition, offset: Number(offset), value });
          },
          // An error leaves the outcome open.
          () => undefined,
        );
        underWay.add(sending);
        void sending.then(() => underWay.delete(sending));
        if (underWay.size >= 500) await Promise.race(underWay);
        if (count % 4 === 0) await pause(10);
      }
      await Promise.all(underWay);
    },
    acknowledged: () => told.length,
    async check({ bootstrap }) {
      const out = await kcat(bootstrap, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%p %o %s\n']);
      return compareTold(topic, told, out.split('\n').slice(0, -1));
    },
  };
}

class Abort extends Error {}

/** Our client with transactions over two partitions: all or nothing. */
export function ksTransactions(): Worker {
  const topic = 'ks-transactions';
  const outcomes = new TransactionOutcomes(topic);
  return {
    topic,
    async run(bootstrap, isOver) {
      await using client = await connected(bootstrap, isOver);
      let producer = client.producer({ transactionalId: topic });
      for (let count = 0; !isOver(); count += 1) {
        const value = `${count}`;
        let isEnding = false;
        const outcome = await producer
          .transaction(async (transaction) => {
            await Promise.all([0, 1].map((partition) => transaction.send(topic, { value, partition })));
            if (count % 5 === 4) throw new Abort();
            isEnding = true;
          })
          .then(
            () => 'committed' as const,
            // An error of the body aborts; whether one of the end came too late is not known.
            (error: unknown) => (error instanceof Abort && !isEnding ? ('aborted' as const) : ('unknown' as const)),
          );
        outcomes.tell(value, outcome);
        if (outcome !== 'unknown') continue;
        // A new one fences the old and ends what it left open.
        await producer.close().catch(() => undefined);
        producer = client.producer({ transactionalId: topic });
        await pause(50);
      }
      await producer.close().catch(() => undefined);
    },
    acknowledged: () => outcomes.committed.length,
    check: async (read) => outcomes.check(await read.records(topic, 'read_committed')),
  };
}
