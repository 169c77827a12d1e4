import { kcat } from '../kcat.ts';
import type { Scenario } from './scenario.ts';

const client = 'kcat 1.7.1 (librdkafka 2.0.2)';
const topic = 'golden-kcat';

/** What kcat can say: metadata, produce in every codec, transactions, fetch, offsets by time, groups. */
export const kcatScenarios: readonly Scenario[] = [
  { client, what: 'metadata', run: (bootstrap) => kcat(bootstrap, ['-L']) },
  ...['none', 'gzip', 'snappy', 'lz4', 'zstd'].map((codec) => ({
    client,
    what: `produce ${codec}`,
    run: (bootstrap: string) =>
      kcat(
        bootstrap,
        ['-P', '-t', topic, '-p', '0', '-K', '=', '-H', 'h=v', '-X', `compression.codec=${codec}`],
        'key=value value value value value value\n',
      ),
  })),
  {
    client,
    what: 'idempotent produce',
    run: (bootstrap) => kcat(bootstrap, ['-P', '-t', topic, '-p', '0', '-X', 'enable.idempotence=true'], 'one\n'),
  },
  {
    client,
    what: 'transaction',
    run: (bootstrap) => kcat(bootstrap, ['-P', '-t', topic, '-p', '0', '-X', 'transactional.id=golden-t'], 'two\n'),
  },
  { client, what: 'consume', run: (bootstrap) => kcat(bootstrap, ['-C', '-t', topic, '-e', '-q', '-o', 'beginning']) },
  { client, what: 'offsets by time', run: (bootstrap) => kcat(bootstrap, ['-Q', '-t', `${topic}:0:1700000000000`]) },
  {
    client,
    what: 'group',
    run: (bootstrap) =>
      kcat(bootstrap, ['-G', 'golden-kcat-group', '-e', '-q', '-X', 'auto.offset.reset=earliest', topic]),
  },
];
