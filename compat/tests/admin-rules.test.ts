import { readFileSync } from 'node:fs';
import { createPinoLogger, startEmbeddedBroker } from '@ks/broker';
import { expect, test } from 'vitest';
import { runAdminScenarios } from '../src/admin-rules/run-scenarios.ts';
import { startKafka } from '../src/kafka/kafka-broker.ts';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { testWith, triedAgain } from '../src/peers.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

// What Apache Kafka 4.4.0 answers: the second test holds this file to it, the first holds ks to this file.
const expected = readFileSync(new URL('admin-rules.expected.txt', import.meta.url), 'utf8');

test('ks answers readers and administrators, request by request, as Apache Kafka does', async () => {
  await using directory = await temporaryDirectory();
  const logger = createPinoLogger({ level: 'error', destination: { write: () => undefined } });
  await using broker = await startEmbeddedBroker({ directory: directory.path, logger });
  expect(await runAdminScenarios(broker.port)).toBe(expected);
});

testWith('Kafka')('and Apache Kafka answers as is written down', triedAgain, async () => {
  await fetchKafka();
  await using directory = await temporaryDirectory();
  await using kafka = await startKafka(directory.path);
  expect(await runAdminScenarios(kafka.port)).toBe(expected);
});
