import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedBroker } from '@ks/broker';
import { ApiKey, apis } from '@ks/protocol';
import { startKafka } from '../kafka/kafka-broker.ts';
import { fetchKafka, kafkaVersion } from '../kafka/kafka-jars.ts';
import { java } from '../kafka/kafka-tool.ts';
import { freePort } from '../processes/free-port.ts';
import { chooseFrames, type Sighting } from './choose-frames.ts';
import { javaScenarios } from './java-scenarios.ts';
import { kafkajsScenarios } from './kafkajs-scenarios.ts';
import { kcatScenarios } from './kcat-scenarios.ts';
import { platformaticScenarios } from './platformatic-scenarios.ts';
import { pythonScenarios } from './python-scenarios.ts';
import { RecordingProxy } from './recording-proxy.ts';

// Records the golden frames: node --conditions=@ks/source compat/src/golden/record.ts

const scenarios = [
  ...kcatScenarios,
  ...kafkajsScenarios,
  ...platformaticScenarios,
  ...pythonScenarios,
  ...javaScenarios,
];
const fixture = fileURLToPath(new URL('../../../packages/protocol/tests/fixtures/golden-frames.json', import.meta.url));

interface Behind extends AsyncDisposable {
  readonly port: number;
}

/** Kafka's coordinators call the broker over the same listener, AddPartitionsToTxn in its batched form. */
const interBroker = (apiKey: number, apiVersion: number): boolean =>
  apiKey === ApiKey.WriteTxnMarkers ||
  apiKey === ApiKey.InitializeShareGroupState ||
  (apiKey === ApiKey.AddPartitionsToTxn && apiVersion >= 4);

/** Rejects after a while: a client that waits for ever for what a broker does not do is left behind. */
function impatience(what: string): Promise<never> {
  return new Promise((_, reject) =>
    setTimeout(() => reject(new Error('it did not end')), what === 'all of it' ? 120_000 : 20_000).unref(),
  );
}

/** Runs every client against one broker through the proxy. A client that fails is told and still leaves its frames. */
async function sightings(broker: string, start: (advertised: string) => Promise<Behind>): Promise<readonly Sighting[]> {
  const port = await freePort();
  await using proxy = await RecordingProxy.listen(port);
  await using behind = await start(`PLAINTEXT://127.0.0.1:${port}`);
  proxy.target(behind.port);
  const found: Sighting[] = [];
  for (const { client, what, run } of scenarios) {
    try {
      await Promise.race([run(`127.0.0.1:${port}`), impatience(what)]);
    } catch (error) {
      console.warn(
        `${broker}: ${client}: ${what}: ${error instanceof Error ? error.message.slice(0, 600) : String(error)}`,
      );
    }
    // A client that asks again and again in vain says nothing new.
    for (const frame of proxy.frames.splice(0).slice(0, 20_000)) {
      const own = interBroker(frame.apiKey, frame.apiVersion);
      found.push({ ...frame, client: own ? `${broker} itself` : client, broker });
    }
  }
  return found;
}

/** What Kafka's own classes read in each frame. */
async function readByKafka(frames: readonly Sighting[]): Promise<readonly unknown[]> {
  const source = fileURLToPath(new URL('./ReadFrames.java', import.meta.url));
  const input = frames.map((one) => `${one.direction} ${one.apiKey} ${one.apiVersion} ${one.bytes.toString('hex')}\n`);
  const { out } = await java(source, [], { input: input.join('') });
  return out
    .toString()
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}

await fetchKafka();
const directory = await mkdtemp(join(tmpdir(), 'ks-golden-'));
try {
  const all = [
    ...(await sightings(`Apache Kafka ${kafkaVersion}`, (advertised) =>
      startKafka(directory, { 'advertised.listeners': advertised }),
    )),
    ...(await sightings('ks', (advertised) =>
      startEmbeddedBroker({ config: { 'advertised.listeners': advertised, 'group.initial.rebalance.delay.ms': '0' } }),
    )),
  ];
  const chosen = chooseFrames(all);
  const read = await readByKafka(chosen);
  const lines = chosen.map((one, index) => {
    const api = apis.find(({ key }) => key === one.apiKey)?.name ?? `${one.apiKey}`;
    const { client, broker, direction, apiVersion: version } = one;
    return JSON.stringify({
      api,
      version,
      direction,
      client,
      broker,
      hex: one.bytes.toString('hex'),
      kafka: read[index],
    });
  });
  await writeFile(fixture, `[\n${lines.join(',\n')}\n]\n`);
  console.info(`${all.length} frames seen, ${chosen.length} kept, ${lines.join('').length} bytes`);
} finally {
  await rm(directory, { recursive: true, force: true });
}
process.exit(0);
