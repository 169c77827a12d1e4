import { connect } from '@ks/client';
import { batchesOf, isConsuming, measured, paced, valuesOf } from './client-program.ts';

await measured(async (task) => {
  const { bootstrap, topic, records, recordBytes, load, perSend, compression } = task;
  const ks = await connect({ brokers: [bootstrap] });
  const given = valuesOf(recordBytes).map((value) => ({ key: null, value, partition: 0 }));
  const [first] = given;
  // As it comes: idempotent, acks 'all'. The others give less and wait for less.
  const producer = ks.producer({ compression });
  const batches = batchesOf(given, perSend);
  if (!isConsuming(task) && first !== undefined) await producer.send(topic, first);
  return {
    async work(progress) {
      if (load === 'single')
        await paced(task, progress, (index) =>
          producer.send(topic, given[index % given.length] ?? { key: null, value: null }),
        );
      if (load === 'batched')
        await paced(task, progress, (index) => producer.sendBatch(topic, batches[index % batches.length] ?? []));
      if (!isConsuming(task)) return records;
      let count = 0;
      let bytes = 0;
      const consumer = ks.consumer({ from: 'beginning' });
      if (load === 'consume') {
        for await (const record of consumer.read({ until: 'end' }, topic)) {
          count += 1;
          bytes += record.value?.length ?? 0;
          progress(count);
          if (count === records) break;
        }
      } else {
        for await (const batch of consumer.batches({ until: 'end' }, topic)) {
          for (const record of batch) {
            count += 1;
            bytes += record.value?.length ?? 0;
          }
          progress(count);
          if (count >= records) break;
        }
      }
      if (bytes !== count * recordBytes) throw new Error(`${bytes} bytes of ${count * recordBytes}`);
      return count;
    },
    close: () => ks.close(),
  };
});
