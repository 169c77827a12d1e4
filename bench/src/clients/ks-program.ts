import { connect } from '@ks/client';
import { batchesInFlight, measured, paced, perBatch } from './client-program.ts';

await measured(async ({ bootstrap, topic, records, recordBytes, load, inFlight }) => {
  const ks = await connect({ brokers: [bootstrap] });
  const value = new Uint8Array(recordBytes).fill(120);
  const producer = ks.producer({ acks: 1 });
  const batch = Array.from({ length: perBatch }, () => ({ key: null, value, partition: 0 }));
  if (load !== 'consume') await producer.send(topic, { key: null, value, partition: 0 });
  return {
    async work() {
      if (load === 'single')
        await paced(records, inFlight, () => producer.send(topic, { key: null, value, partition: 0 }));
      if (load === 'batched') await paced(records / perBatch, batchesInFlight, () => producer.sendBatch(topic, batch));
      if (load !== 'consume') return records;
      let count = 0;
      let bytes = 0;
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
