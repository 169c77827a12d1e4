import { readFileSync } from 'node:fs';
import { startEmbeddedBroker } from '@ks/broker';
import { describe, expect, test } from 'vitest';
import { runGroupScenarios, trials } from '../src/group-rules/run-scenarios.ts';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { startKafka } from '../src/kafka/kafka-broker.ts';
import { testWith, triedAgain } from '../src/peers.ts';
import { temporaryDirectory } from '../src/temporary-directory.ts';

// What Apache Kafka 4.4.0 answers: each second test holds this file to it, each first holds ks to this file.
const expected = readFileSync(new URL('group-rules.expected.txt', import.meta.url), 'utf8');

/** What is written down for a trial: the lines under its name. */
function expectedOf(name: string): string {
  const [, after = ''] = expected.split(`## ${name}\n`);
  return after.split(/^## /m)[0] ?? '';
}

describe.each(trials)('$name', ({ name, config, scenarios }) => {
  test('ks answers every request about groups as Apache Kafka does', async () => {
    await using broker = await startEmbeddedBroker({ config });
    expect(await runGroupScenarios(broker.port, scenarios)).toBe(expectedOf(name));
  });

  testWith('Kafka')('and Apache Kafka answers as is written down', triedAgain, async () => {
    await fetchKafka();
    await using directory = await temporaryDirectory();
    await using kafka = await startKafka(directory.path, config);
    expect(await runGroupScenarios(kafka.port, scenarios)).toBe(expectedOf(name));
  });
});
