import { runPython } from '../python.ts';
import type { Scenario } from './scenario.ts';

/** What the Python clients can say: their whole programs. */
export const pythonScenarios: readonly Scenario[] = [
  {
    client: 'confluent-kafka 2.16.1 (librdkafka 2.16.0)',
    what: 'all of it',
    run: (bootstrap) => runPython('confluent.py', bootstrap),
  },
  { client: 'kafka-python 3.0.12', what: 'all of it', run: (bootstrap) => runPython('kafka_python.py', bootstrap) },
  {
    client: 'kafka-python 2.0.6',
    what: 'all of it',
    run: (bootstrap) => runPython('kafka_python.py', bootstrap, true),
  },
];
