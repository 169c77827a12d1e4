import { Kafka, logLevel } from 'kafkajs';
import { batchesInFlight, measured, paced, perBatch } from './client-program.ts';

await measured(async ({ bootstrap, topic, records, recordBytes, load, inFlight }) => {
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const value = Buffer.alloc(recordBytes, 120);
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: `bench-${topic}-${Math.random()}` });
  const message = { value, partition: 0 };
  const batch = Array.from({ length: perBatch }, () => message);
  const isConsuming = load === 'consume' || load === 'batches';
  if (isConsuming) {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
  } else {
    await producer.connect();
    await producer.send({ topic, acks: 1, messages: [message] });
  }
  return {
    async work() {
      if (load === 'single')
        await paced(records, inFlight, () => producer.send({ topic, acks: 1, messages: [message] }));
      if (load === 'batched')
        await paced(records / perBatch, batchesInFlight, () => producer.send({ topic, acks: 1, messages: batch }));
      if (!isConsuming) return records;
      let count = 0;
      await new Promise<void>((resolve, reject) => {
        consumer
          .run(
            load === 'batches'
              ? {
                  eachBatch: async ({ batch: { messages } }) => {
                    count += messages.length;
                    if (count >= records) resolve();
                  },
                }
              : {
                  eachMessage: async () => {
                    count += 1;
                    if (count === records) resolve();
                  },
                },
          )
          .catch(reject);
      });
      return count;
    },
    async close() {
      await producer.disconnect();
      await consumer.disconnect();
    },
  };
});
