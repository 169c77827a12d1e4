import { type EmbeddedBroker, startEmbeddedBroker } from '@ks/broker';
import { afterAll, beforeAll, expect } from 'vitest';
import { testWith } from '../src/peers.ts';
import { runPython } from '../src/python.ts';

// Each program runs its scenarios one after another and tells how each went.

let broker: EmbeddedBroker;
beforeAll(async () => {
  broker = await startEmbeddedBroker({
    config: {
      'group.initial.rebalance.delay.ms': '0',
      'group.consumer.min.heartbeat.interval.ms': '200',
      'group.consumer.heartbeat.interval.ms': '200',
    },
  });
});
afterAll(() => broker.stop());

const kafkaPython = [
  'every codec',
  'acks 0 1 and all',
  'keys headers times and tombstones',
  'seek and offsets by time',
  'classic group',
  'errors are told',
  'admin topics',
];

testWith('Python').each([
  [
    'confluent-kafka 2.16.1 (librdkafka 2.16.0)',
    'confluent.py',
    false,
    [
      'every codec',
      'idempotent producer',
      'acks 0 and 1',
      'keys headers times and tombstones',
      'watermarks and offsets by time',
      'classic group range',
      'classic group cooperative sticky',
      'static members',
      'consumer group of KIP 848',
      'transactions',
      'offsets in a transaction',
      'fencing',
      'errors are told',
      'admin topics and configs',
      'admin offsets and records',
      'admin groups',
    ],
  ],
  ['kafka-python 3.0.12', 'kafka_python.py', false, [...kafkaPython, 'transactions']],
  ['kafka-python 2.0.6', 'kafka_python.py', true, kafkaPython],
] as const)(
  '%s',
  async (_, program, old, scenarios) => {
    const results = await runPython(program, broker.bootstrap, old);
    for (const { scenario, error, trace } of results) expect(error, `${scenario}: ${trace}`).toBeUndefined();
    expect(results.map(({ scenario }) => scenario)).toEqual(scenarios);
  },
  240_000,
);
