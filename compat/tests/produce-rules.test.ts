import { readFileSync } from 'node:fs';
import { createPinoLogger, startEmbeddedBroker } from '@ks/broker';
import { expect, test } from 'vitest';
import { startKafka } from '../src/kafka/kafka-broker.ts';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { testWith, triedAgain } from '../src/peers.ts';
import { runProduceScenarios } from '../src/produce-rules/run-scenarios.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

// What Apache Kafka 4.4.0 answers: the second test holds this file to it, the first holds ks to this file.
const expected = readFileSync(new URL('produce-rules.expected.txt', import.meta.url), 'utf8');

test('ks answers producers, batch by batch, as Apache Kafka does', async () => {
  await using directory = await temporaryDirectory();
  const logger = createPinoLogger({ level: 'error', destination: { write: () => undefined } });
  await using broker = await startEmbeddedBroker({ directory: directory.path, logger });
  expect(await runProduceScenarios(broker.port)).toBe(expected);
});

testWith('Kafka')('and Apache Kafka answers as is written down', triedAgain, async () => {
  await fetchKafka();
  await using directory = await temporaryDirectory();
  await using kafka = await startKafka(directory.path);
  expect(await runProduceScenarios(kafka.port)).toBe(expected);
});
