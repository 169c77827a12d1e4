import { readFileSync } from 'node:fs';
import { startEmbeddedBroker } from '@ks/broker';
import { expect, test } from 'vitest';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { startKafka } from '../src/kafka/kafka-broker.ts';
import { testWith, triedAgain } from '../src/peers.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';
import { runScenarios } from '../src/transaction-rules/run-scenarios.ts';

// What Apache Kafka 4.4.0 answers: the second test holds this file to it, the first holds ks to this file.
const expected = readFileSync(new URL('transaction-rules.expected.txt', import.meta.url), 'utf8');

test('ks answers every request about transactions as Apache Kafka does', async () => {
  await using broker = await startEmbeddedBroker({ config: { 'group.initial.rebalance.delay.ms': '0' } });
  expect(await runScenarios(broker.port)).toBe(expected);
});

testWith('Kafka')('and Apache Kafka answers as is written down', triedAgain, async () => {
  await fetchKafka();
  await using directory = await temporaryDirectory();
  await using kafka = await startKafka(directory.path, {
    'transaction.abort.timed.out.transaction.cleanup.interval.ms': '200',
  });
  expect(await runScenarios(kafka.port)).toBe(expected);
});
