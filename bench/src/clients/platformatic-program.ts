import { Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka';
import { batchesInFlight, measured, paced, perBatch } from './client-program.ts';

await measured(async ({ bootstrap, topic, records, recordBytes, load, inFlight }) => {
  const value = Buffer.alloc(recordBytes, 120);
  const common = { clientId: 'bench', bootstrapBrokers: [bootstrap] };
  const producer = new Producer({ ...common });
  const message = { topic, value, partition: 0 };
  const batch = Array.from({ length: perBatch }, () => message);
  const isConsuming = load === 'consume' || load === 'batches';
  if (!isConsuming) await producer.send({ messages: [message], acks: 1 });
  const consumer = new Consumer({ ...common, groupId: `bench-${topic}-${Math.random()}` });
  return {
    async work() {
      if (load === 'single') await paced(records, inFlight, () => producer.send({ messages: [message], acks: 1 }));
      if (load === 'batched')
        await paced(records / perBatch, batchesInFlight, () => producer.send({ messages: batch, acks: 1 }));
      if (!isConsuming) return records;
      const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: false });
      let count = 0;
      for await (const _ of stream) {
        count += 1;
        if (count === records) break;
      }
      return count;
    },
    async close() {
      await producer.close();
      await consumer.close(true);
    },
  };
});
