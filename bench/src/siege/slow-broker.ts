// node --conditions=@ks/source bench/src/siege/slow-broker.ts MB_PER_SECOND KEY=VALUE...
// A broker whose disk writes no faster than this, all files together; 0: as fast as it can.
import process from 'node:process';
import { createPinoLogger } from '@ks/broker';
import {
  type BrokerAdapters,
  createBroker,
  createNodeAdapters,
  limitYoungGeneration,
  loadConfig,
} from '@ks/broker/internal';

type Files = BrokerAdapters['files'];

/** Files whose writes queue for a disk of this many bytes a second. */
function slowed(files: Files, bytesPerSecond: number): Files {
  let freeAtMs = 0;
  const written = async (sizeBytes: number): Promise<void> => {
    const nowMs = performance.now();
    freeAtMs = Math.max(nowMs, freeAtMs) + (sizeBytes / bytesPerSecond) * 1000;
    const waitMs = freeAtMs - nowMs;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  };
  return new Proxy(files, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (name !== 'open') return typeof member === 'function' ? member.bind(target) : member;
      return async (...args: Parameters<Files['open']>) => {
        const file = await target.open(...args);
        const write: typeof file.write = async (views, position) => {
          await written(views.reduce((sum, view) => sum + view.length, 0));
          await file.write(views, position);
        };
        return new Proxy(file, {
          get(of, key) {
            if (key === 'write') return write;
            const value: unknown = Reflect.get(of, key);
            return typeof value === 'function' ? value.bind(of) : value;
          },
        });
      };
    },
  });
}

limitYoungGeneration();
const [rate = '0', ...pairs] = process.argv.slice(2);
const flags = new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
const { config } = loadConfig({ flags });
const adapters = await createNodeAdapters({ config, logger: createPinoLogger() });
const files = Number(rate) > 0 ? slowed(adapters.files, Number(rate) * 1_000_000) : adapters.files;
const broker = createBroker({ config, adapters: { ...adapters, files } });
await broker.start();
process.on('SIGTERM', () => void broker.stop().then(() => process.exit(0)));
