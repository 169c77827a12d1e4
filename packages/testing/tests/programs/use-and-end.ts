// Run by a test in a process of its own: whatever a broker or a client leaves behind would keep it alive.
import { startBroker } from '../../src/index.ts';

{
  await using broker = await startBroker({ storage: 'disk', topics: ['orders'] });
  const ks = await broker.connect();
  const { offset } = await ks.producer().send('orders', { key: null, value: new Uint8Array(10) });
  const records = ks.consumer({ from: 'beginning' }).read({ until: 'end' }, 'orders');
  for await (const record of records) process.stdout.write(`${record.offset === offset} ${broker.directory}\n`);
}
process.stdout.write('disposed of\n');
