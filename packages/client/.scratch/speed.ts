import { connect } from '../src/index.ts';
const brokers = process.argv[2] ?? '127.0.0.1:39092';
const ks = await connect({ brokers });
const name = `s${process.pid}`;
await ks.admin.createTopic(name, { partitions: 4 });
const value = Buffer.alloc(100, 'x');
for (let round = 0; round < 3; round++) {
  const producer = ks.producer({ compression: 'none' });
  const n = 500_000; const t = performance.now(); const cpu = process.cpuUsage();
  let pending: Promise<unknown>[] = [];
  for (let i = 0; i < n; i++) { pending.push(producer.send(name, { key: null, value })); if (pending.length === 20000) { await Promise.all(pending); pending = []; } }
  await Promise.all(pending);
  const c = process.cpuUsage(cpu); const ms = performance.now() - t;
  console.log('produce', (n / ms).toFixed(0), 'k/s', 'cpu us/rec', ((c.user + c.system) / n).toFixed(2));
  await producer.close();
}
for (let round = 0; round < 3; round++) {
  const consumer = ks.consumer({ from: 'beginning' });
  const t = performance.now(); const cpu = process.cpuUsage(); let n = 0, b = 0;
  if (round < 2) for await (const r of consumer.read({ until: 'end' }, name)) { n++; b += r.value!.length; }
  else for await (const batch of consumer.batches({ until: 'end' }, name)) for (const r of batch.records()) { n++; b += r.value!.length; }
  const c = process.cpuUsage(cpu); const ms = performance.now() - t;
  console.log(round < 2 ? 'read' : 'batches', n, (n / ms).toFixed(0), 'k/s', 'cpu us/rec', ((c.user + c.system) / n).toFixed(2));
  await consumer.close();
}
await ks.admin.deleteTopics([name]);
await ks.close();
