import { connect } from '@ks/client';
const ks = await connect({ brokers: '127.0.0.1:39092' });
console.log(process.version, (await ks.admin.describeCluster()).clusterId);
const name = `n20-${process.pid}`;
await ks.admin.createTopic(name, { partitions: 2 });
for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) { const p = ks.producer({ compression }); await p.sendBatch(name, Array.from({ length: 500 }, (_, i) => ({ key: `k${i}`, value: `value ${i} ${compression} `.repeat(20) }))); await p.close(); }
const consumer = ks.consumer({ from: 'beginning' });
let n = 0; for await (const r of consumer.read({ until: 'end' }, name)) { n++; if (r.value.length < 10) throw 1; }
console.log(n);
await ks.admin.deleteTopics([name]);
await ks.close();
