// node --conditions=@ks/source bench/src/clients/memory.ts --minutes 10: is the client's memory flat?
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { connect } from '@ks/client';
import { ks as peer } from '../peers/ks.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, perSecond: { type: 'string', default: '5000' } },
});
const durationMs = Number(values.minutes) * 60_000;
const tick = 20;
const perTick = Math.max(1, Math.round((Number(values.perSecond) * tick) / 1000));
const missing = await peer.missing();
if (missing !== undefined) throw new Error(missing);

const directory = await mkdtemp(join(tmpdir(), 'ks-bench-memory-'));
const broker = await peer.start(directory);
try {
  const ks = await connect({ brokers: [broker.bootstrap] });
  await ks.admin.createTopic('t', { partitions: 4, replicationFactor: 1, configs: { 'retention.bytes': '10000000' } });
  const producer = ks.producer();
  const consumer = ks.consumer({ group: 'memory', from: 'beginning' });
  const batch = Array.from({ length: perTick }, (_, index) => ({ key: `${index}`, value: 'x'.repeat(1000) }));
  const over = new AbortController();
  let sent = 0;
  let read = 0;
  const reading = (async () => {
    for await (const _ of consumer.read({ signal: over.signal }, 't')) read += 1;
  })().catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  const megabytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);
  const from = performance.now();
  const samples = 20;
  process.stdout.write(
    '| after s | sent | read | resident MB | heap MB | array buffers MB |\n|---|---|---|---|---|---|\n',
  );
  for (let sample = 1; sample <= samples; sample++) {
    while (performance.now() - from < (durationMs / samples) * sample) {
      await producer.sendBatch('t', batch);
      sent += batch.length;
      await new Promise((resolve) => setTimeout(resolve, tick));
    }
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const row = [
      Math.round((performance.now() - from) / 1000),
      sent,
      read,
      ...[rss, heapUsed, arrayBuffers].map(megabytes),
    ];
    process.stdout.write(`| ${row.join(' | ')} |\n`);
  }
  over.abort();
  await reading;
  await ks.close();
} finally {
  await broker.stop();
  await rm(directory, { recursive: true, force: true });
}
