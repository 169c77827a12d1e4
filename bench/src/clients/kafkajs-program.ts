import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs, { type Message } from 'kafkajs';
import { compressFrame, decompressFrame } from 'lz4-napi';
import { batchesOf, isConsuming, measured, paced, valuesOf } from './client-program.ts';

const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
const types = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};
// kafkajs has gzip alone and takes the others from its user: these are the fastest there are.
const [compress, decompress] = [promisify(zstdCompress), promisify(zstdDecompress)];
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: (encoder: { readonly buffer: Buffer }) => compress(encoder.buffer),
  decompress: (bytes: Buffer) => decompress(bytes),
});
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: (encoder: { readonly buffer: Buffer }) => compressFrame(encoder.buffer),
  decompress: (bytes: Buffer) => decompressFrame(bytes),
});

await measured(async (task) => {
  const { bootstrap, topic, records, recordBytes, load, perSend, compression } = task;
  const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.NOTHING });
  const producer = kafka.producer();
  const consumer = kafka.consumer({ groupId: `bench-${topic}-${Math.random()}` });
  const singles: Message[][] = valuesOf(recordBytes).map((value) => [{ value, partition: 0 }]);
  const batches = batchesOf(singles.flat(), perSend).map((batch) => [...batch]);
  const acked = { topic, acks: 1, compression: types[compression] };
  if (isConsuming(task)) {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
  } else {
    await producer.connect();
    await producer.send({ ...acked, messages: singles[0] ?? [] });
  }
  return {
    async work(progress) {
      if (load === 'single')
        await paced(task, progress, (index) =>
          producer.send({ ...acked, messages: singles[index % singles.length] ?? [] }),
        );
      if (load === 'batched')
        await paced(task, progress, (index) =>
          producer.send({ ...acked, messages: batches[index % batches.length] ?? [] }),
        );
      if (!isConsuming(task)) return records;
      let count = 0;
      let bytes = 0;
      await new Promise<void>((resolve, reject) => {
        consumer
          .run(
            load === 'batches'
              ? {
                  eachBatch: async ({ batch: { messages } }) => {
                    for (const { value } of messages) bytes += value?.length ?? 0;
                    count += messages.length;
                    progress(count);
                    if (count >= records) resolve();
                  },
                }
              : {
                  eachMessage: async ({ message: { value } }) => {
                    bytes += value?.length ?? 0;
                    count += 1;
                    progress(count);
                    if (count === records) resolve();
                  },
                },
          )
          .catch(reject);
      });
      if (bytes !== count * recordBytes) throw new Error(`${bytes} bytes of ${count * recordBytes}`);
      return count;
    },
    async close() {
      await producer.disconnect();
      await consumer.disconnect();
    },
  };
});
