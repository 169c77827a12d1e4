import { connect } from '@ks/client';
import { batchesInFlight, measured, paced, perBatch } from './client-program.ts';

await measured(async ({ bootstrap, topic, records, recordBytes, load, inFlight }) => {
  const ks = await connect({ brokers: [bootstrap] });
  const value = new Uint8Array(recordBytes).fill(120);
  // As it comes: idempotent, acks 'all'. The others give less and wait for less.
  const producer = ks.producer();
  const batch = Array.from({ length: perBatch }, () => ({ key: null, value, partition: 0 }));
  const isConsuming = load === 'consume' || load === 'batches';
  if (!isConsuming) await producer.send(topic, { key: null, value, partition: 0 });
  return {
    async work() {
      if (load === 'single')
        await paced(records, inFlight, () => producer.send(topic, { key: null, value, partition: 0 }));
      if (load === 'batched') await paced(records / perBatch, batchesInFlight, () => producer.sendBatch(topic, batch));
      if (!isConsuming) return records;
      let count = 0;
      let bytes = 0;
      if (load === 'batches') {
        for await (const batch of ks.consumer({ from: 'beginning' }).batches({ until: 'end' }, topic)) {
          for (const record of batch) {
            count += 1;
            bytes += record.valueSizeBytes;
          }
          if (count >= records) break;
        }
        if (bytes !== count * recordBytes) throw new Error(`${bytes} bytes of ${count * recordBytes}`);
        return count;
      }
      for await (const record of ks.consumer({ from: 'beginning' }).read({ until: 'end' }, topic)) {
        count += 1;
        bytes += record.value?.length ?? 0;
        if (count === records) break;
      }
      if (bytes !== records * recordBytes) throw new Error(`${bytes} bytes of ${records * recordBytes}`);
      return count;
    },
    close: () => ks.close(),
  };
});
