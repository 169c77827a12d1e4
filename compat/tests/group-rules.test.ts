import { readFileSync } from 'node:fs';
import { startEmbeddedBroker } from '@ks/broker';
import { expect, test } from 'vitest';
import { runGroupScenarios } from '../src/group-rules/run-scenarios.ts';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { startKafka } from '../src/kafka/kafka-broker.ts';
import { testWith } from '../src/peers.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

// What Apache Kafka 4.4.0 answers: the second test holds this file to it, the first holds ks to this file.
const expected = readFileSync(new URL('group-rules.expected.txt', import.meta.url), 'utf8');

/** Assignments at once, and time for two to join together: nothing depends on how fast a broker is. */
const config = {
  'group.initial.rebalance.delay.ms': '300',
  'group.consumer.assignment.interval.ms': '0',
};

test('ks answers every request about groups as Apache Kafka does', async () => {
  await using broker = await startEmbeddedBroker({ config });
  expect(await runGroupScenarios(broker.port)).toBe(expected);
});

testWith('Kafka')('and Apache Kafka answers as is written down', async () => {
  await fetchKafka();
  await using directory = await temporaryDirectory();
  await using kafka = await startKafka(directory.path, config);
  expect(await runGroupScenarios(kafka.port)).toBe(expected);
});
