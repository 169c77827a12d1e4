import { connect, topic } from '../src/index.ts';
import { z } from 'zod';
const brokers = process.argv[2] ?? '127.0.0.1:39092';
const name = `t${process.pid}`;
{
await using ks = await connect({ brokers });
console.log(await ks.admin.describeCluster());
console.log(await ks.admin.createTopic(name, { partitions: 3, configs: { 'max.message.bytes': '2000000' } }));
await ks.admin.createTopic(name).catch((e) => console.log('again', e.name, e.message));
console.log((await ks.admin.listTopics()).map((t) => t.name));
const [d] = await ks.admin.describeTopics([name], { includeConfigs: true });
console.log(d?.partitions, d?.configs?.find((c) => c.name === 'max.message.bytes'));
for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
  await using producer = ks.producer({ compression });
  const sent = await Promise.all(Array.from({ length: 1000 }, (_, i) => producer.send(name, { key: `k${i % 50}`, value: `value ${i} of ${compression}`, headers: { a: 'b', n: null } })));
  console.log(compression, sent[0], sent[999]);
}
await using consumer = ks.consumer({ from: 'beginning' });
let n = 0; const seen = new Map<string, number>();
for await (const r of consumer.read({ until: 'end' }, name)) { n++; const c = Buffer.from(r.value!).toString().split(' ').at(-1)!; seen.set(c, (seen.get(c) ?? 0) + 1); if (n === 1) console.log(r.topic, r.partition, r.offset, r.timestamp, r.timestampType, r.leaderEpoch, r.headers, r.sizeBytes, r.keySizeBytes, r.valueSizeBytes); }
console.log(n, seen, consumer.assignment(), await consumer.endOffsets());
await ks.admin.createPartitions([{ topic: name, count: 5 }]);
console.log((await ks.admin.describeTopics([name]))[0]?.partitionCount);
const typed = topic(name, { key: z.string(), value: z.object({ n: z.int() }) });
await using producer = ks.producer({ acks: 1, lingerMs: 5 });
for (let i = 0; i < 3; i++) console.log(await producer.send(typed, { key: `x${i}`, value: { n: i } }));
await using c2 = ks.consumer({ from: { timestamp: Date.now() - 2000 } });
await c2.assign([{ topic: name, partition: 4, offset: 'beginning' }, { topic: name, partition: 0, offset: 'end' }]);
await using p0 = ks.producer({ acks: 0 });
console.log('acks0', await p0.send(name, { value: 'x', partition: 4 }));
let got = 0;
for await (const b of c2.batches()) { console.log(b.topic, b.partition, b.firstOffset, b.lastOffset, [...b.records()].length); if (++got === 1) break; }
console.log(await ks.admin.listOffsets([{ topic: name, partition: 0, at: 'maxTimestamp' }, { topic: name, partition: 0, at: 'beginning' }, { topic: name, partition: 0, at: 'end' }]));
await ks.admin.deleteTopics([name]);
await ks.admin.deleteTopics(['nope']).catch((e) => console.log(e.name, e.message));
await ks.producer().send('nope', { value: 'x' }).catch((e) => console.log(e.name, e.message));
console.log(await ks.admin.describeConfigs([{ type: 'broker', name: '1', keys: ['log.dirs'] }]));
}
console.log('closed'); const t = performance.now(); process.on('exit', () => console.log('exit after', performance.now() - t));
