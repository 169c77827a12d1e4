import { startEmbeddedBroker } from '../../../apps/broker/src/index.ts';
const broker = await startEmbeddedBroker({ port: 39192 });
console.log('up', broker.bootstrap);
process.on('SIGTERM', () => broker.stop().then(() => process.exit(0)));
