// Runs in an empty project that has the packed packages, on every Node that they support: plain JavaScript, nothing of this workspace.
// Writes and reads every codec at the broker named by its argument, reads the topics given besides, and ends by itself.
import { connect } from '@ks/client';

const [bootstrap, ...foreignTopics] = process.argv.slice(2);
const wasm = { modules: 0 };
const { instantiate } = WebAssembly;
WebAssembly.instantiate = (...given) => {
  wasm.modules += 1;
  return instantiate(...given);
};

const text = (bytes) => (bytes === null ? null : new TextDecoder().decode(bytes));

async function recordsOf(ks, topic) {
  const consumer = ks.consumer({ from: 'beginning' });
  const records = [];
  for await (const { key, value } of consumer.read({ until: 'end' }, topic)) records.push([text(key), text(value)]);
  await consumer.close();
  return records;
}

/** Values that compress well, a large one among them, whose batches take other ways than small ones. */
const records = Array.from({ length: 50 }, (_, index) => ({
  key: `k${index}`,
  value: `${index} `.repeat(index === 30 ? 100_000 : index + 1),
}));

async function everyCodec(ks, name) {
  const read = {};
  for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    const topic = `${name}-${compression}`;
    await ks.admin.createTopic(topic);
    const producer = ks.producer({ compression });
    await producer.sendBatch(topic, records);
    await producer.close();
    const seen = await recordsOf(ks, topic);
    const isSame = records.every(({ key, value }, at) => seen[at]?.[0] === key && seen[at]?.[1] === value);
    const stored = new Set();
    for await (const { batch } of ks.consumer({ from: 'beginning' }).rawBatches({ until: 'end' }, topic)) {
      stored.add(batch.compression);
    }
    read[compression] = { count: seen.length, isSame, stored: [...stored] };
  }
  return read;
}

async function groupAndTransaction(ks, name) {
  const topic = `${name}-tx`;
  await ks.admin.createTopic(topic, { partitions: 2 });
  const writer = ks.producer({ transactionalId: name });
  await writer.transaction((tx) => tx.sendBatch(topic, records.slice(0, 4)));
  await writer
    .transaction(async (tx) => {
      await tx.send(topic, { key: 'k', value: 'never seen' });
      throw new Error('aborted on purpose');
    })
    .catch(() => {});
  const member = ks.consumer({ group: name, from: 'beginning', isolationLevel: 'read_committed' });
  let count = 0;
  for await (const _ of member.read(topic)) {
    count += 1;
    if (count === 4) break;
  }
  const lag = await member.lag();
  await member.close();
  return { count, partitions: lag.length };
}

const ks = await connect({ brokers: bootstrap });
const second = await connect({ brokers: bootstrap });
const name = `smoke-${process.versions.node}`;
const codecs = await everyCodec(ks, name);
const member = await groupAndTransaction(ks, name);
const foreign = {};
for (const topic of foreignTopics) foreign[topic] = (await recordsOf(second, topic)).map(([, value]) => value);
await second.close();
await ks.close();
console.log(JSON.stringify({ version: process.version, codecs, member, foreign, zstdModules: wasm.modules }));
