import kafkajs from 'kafkajs';
import { insisting } from './insisting.ts';
import { TransactionOutcomes } from './transaction-outcomes.ts';
import { checkPartition, type Worker } from './worker.ts';

/** What outlives a broker that is gone for a while. */
const patient = { retries: 1000, initialRetryTime: 30, maxRetryTime: 200, factor: 0, multiplier: 1 };
export const patientKafkajs = (bootstrap: string): kafkajs.Kafka =>
  new kafkajs.Kafka({
    brokers: bootstrap.split(','),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: patient,
    connectionTimeout: 1000,
    requestTimeout: 3000,
  });
/** Between two brokers it may refuse at once, again and again: others want their turn. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
export const partitions = [0, 1, 2] as const;

/** kafkajs with acks=all, partition by partition; with idempotence nothing may double. */
export function kafkajsProducer(idempotent: boolean): Worker {
  const topic = idempotent ? 'kafkajs-idempotent' : 'kafkajs-plain';
  const acknowledged = new Map<number, string[]>(partitions.map((partition) => [partition, []]));
  return {
    topic,
    async run(bootstrap, isOver) {
      const producer = patientKafkajs(bootstrap).producer({ idempotent, maxInFlightRequests: 1 });
      await insisting(() => producer.connect());
      for (let count = 0; !isOver(); count += 1) {
        const partition = count % partitions.length;
        const values = [0, 1, 2].map((index) => `${count}.${index}`);
        // An error after all retries leaves the outcome open.
        const sent = await producer
          .send({ topic, acks: -1, messages: values.map((value) => ({ value, partition })) })
          .then(() => true)
          .catch(() => false);
        if (sent) acknowledged.get(partition)?.push(...values);
        else await pause();
      }
      await producer.disconnect();
    },
    acknowledged: () => [...acknowledged.values()].reduce((sum, values) => sum + values.length, 0),
    async check(read) {
      const found = await read.records(topic, 'read_uncommitted');
      return partitions.flatMap((partition) =>
        checkPartition(
          `${topic}-${partition}`,
          acknowledged.get(partition) ?? [],
          found.get(partition) ?? [],
          idempotent,
        ),
      );
    },
  };
}

/** kafkajs with transactions over two partitions: all or nothing, and what was committed is there. */
export function kafkajsTransactions(): Worker {
  const topic = 'kafkajs-transactions';
  const outcomes = new TransactionOutcomes(topic);
  return {
    topic,
    async run(bootstrap, isOver) {
      let producer: kafkajs.Producer | undefined;
      for (let count = 0; !isOver(); count += 1) {
        let outcome: 'committed' | 'aborted' | 'unknown' = 'unknown';
        try {
          if (producer === undefined) {
            producer = patientKafkajs(bootstrap).producer({
              transactionalId: topic,
              idempotent: true,
              maxInFlightRequests: 1,
            });
            await producer.connect();
          }
          const transaction = await producer.transaction();
          try {
            // One after the other: kafkajs forgets what it was to send to a leader that moved to a broker which has answered.
            for (const partition of [0, 1]) {
              await transaction.send({ topic, acks: -1, messages: [{ value: `${count}`, partition }] });
            }
          } catch (error) {
            await transaction.abort();
            outcome = 'aborted';
            throw error;
          }
          if (count % 5 === 4) {
            await transaction.abort();
            outcome = 'aborted';
          } else {
            await transaction.commit();
            outcome = 'committed';
          }
        } catch {
          // A new one fences the old and ends what it left open.
          await producer?.disconnect().catch(() => undefined);
          producer = undefined;
          await pause();
        }
        outcomes.tell(`${count}`, outcome);
      }
      await producer?.disconnect();
    },
    acknowledged: () => outcomes.committed.length,
    check: async (read) => outcomes.check(await read.records(topic, 'read_committed')),
  };
}
