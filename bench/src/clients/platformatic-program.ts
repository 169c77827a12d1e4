import { Consumer, MessagesStreamModes, Producer } from '@platformatic/kafka';
import { batchesOf, isConsuming, measured, paced, valuesOf } from './client-program.ts';

await measured(async (task) => {
  const { bootstrap, topic, records, recordBytes, load, perSend, compression } = task;
  const common = { clientId: 'bench', bootstrapBrokers: [bootstrap] };
  const producer = new Producer({ ...common });
  const singles = valuesOf(recordBytes).map((value) => [{ topic, value, partition: 0 }]);
  const batches = batchesOf(singles.flat(), perSend).map((batch) => [...batch]);
  const options = { acks: 1, compression };
  if (!isConsuming(task)) await producer.send({ ...options, messages: singles[0] ?? [] });
  const consumer = new Consumer({ ...common, groupId: `bench-${topic}-${Math.random()}` });
  return {
    async work(progress) {
      if (load === 'single')
        await paced(task, progress, (index) =>
          producer.send({ ...options, messages: singles[index % singles.length] ?? [] }),
        );
      if (load === 'batched')
        await paced(task, progress, (index) =>
          producer.send({ ...options, messages: batches[index % batches.length] ?? [] }),
        );
      if (!isConsuming(task)) return records;
      const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: false });
      let count = 0;
      let bytes = 0;
      for await (const { value } of stream) {
        bytes += value.length;
        count += 1;
        progress(count);
        if (count === records) break;
      }
      if (bytes !== count * recordBytes) throw new Error(`${bytes} bytes of ${count * recordBytes}`);
      return count;
    },
    async close() {
      await producer.close();
      await consumer.close(true);
    },
  };
});
