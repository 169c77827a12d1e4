import { type EmbeddedBroker, startEmbeddedBroker } from '@ks/broker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { type KafkaTool, kafkaTool, runKafkaTool } from '../src/kafka/kafka-tool.ts';
import { describeWith } from '../src/peers.ts';

// The programs that Kafka's own system tests drive, and tools that few people use.

describeWith('Kafka')('Kafka’s verifiable programs and rarer tools', () => {
  let broker: EmbeddedBroker;

  beforeAll(async () => {
    await fetchKafka();
    broker = await startEmbeddedBroker({
      config: { 'group.initial.rebalance.delay.ms': '0', 'auto.create.topics.enable': 'false' },
    });
    await tool('kafka-topics', '--create --topic numbers --partitions 3');
  }, 300_000);
  afterAll(() => broker?.stop());

  const tool = (name: KafkaTool, words: string): Promise<string> =>
    kafkaTool(name, ['--bootstrap-server', broker.bootstrap, ...words.split(' ')]);
  /** Each event that a verifiable program tells. */
  const events = (out: string): readonly Record<string, unknown>[] =>
    out
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line): Record<string, unknown> => JSON.parse(line));

  test('kafka-verifiable-producer has every record acknowledged; kafka-verifiable-consumer reads and commits them, by both protocols', async () => {
    const sent = events(
      await tool('kafka-verifiable-producer', '--topic numbers --max-messages 300 --acks -1 --throughput 10000'),
    );
    expect(sent.filter(({ name }) => name === 'producer_send_success')).toHaveLength(300);
    expect(sent.filter(({ name }) => name === 'producer_send_error')).toEqual([]);
    await Promise.all(
      ['classic', 'consumer'].map(async (protocol) => {
        const group = `verifiable-${protocol}`;
        const read = events(
          await tool(
            'kafka-verifiable-consumer',
            `--topic numbers --group-id ${group} --group-protocol ${protocol} --max-messages 300 --reset-policy earliest --verbose`,
          ),
        );
        const values = read.filter(({ name }) => name === 'record_data').map(({ value }) => Number(value));
        expect(values.sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, index) => index));
        const commits = read.filter(({ name }) => name === 'offsets_committed');
        expect(commits.length).toBeGreaterThan(0);
        expect(commits.every(({ success }) => success === true)).toBe(true);
        const described = await tool('kafka-consumer-groups', `--describe --group ${group}`);
        const lags = described.split('\n').filter((line) => line.startsWith(group));
        expect(lags.length).toBeGreaterThan(0);
        for (const line of lags) expect(line.split(/\s+/)[5]).toBe('0');
      }),
    );
  });

  test('kafka-transactional-message-copier copies each record once, aborts among its transactions', async () => {
    await tool('kafka-topics', '--create --topic original');
    await tool('kafka-topics', '--create --topic copy');
    await tool('kafka-verifiable-producer', '--topic original --max-messages 500 --throughput 10000');
    const copy = async (id: string, words: string) =>
      events(
        await kafkaTool('kafka-transactional-message-copier', [
          ...['--broker-list', broker.bootstrap, '--input-topic', 'original', '--input-partition', '0'],
          ...['--output-topic', 'copy', '--consumer-group', 'copiers', '--transactional-id', id, ...words.split(' ')],
        ]),
      );
    const last = async (id: string, words: string) => (await copy(id, words)).at(-1);
    expect(await last('a', '--transaction-size 10 --max-messages 200')).toMatchObject({ remaining: 0, consumed: 200 });
    // What is left, by a member of a group: it begins at what the other has committed, and aborts every third time or so.
    expect(
      await last('b', '--transaction-size 20 --group-mode --use-group-metadata --enable-random-aborts'),
    ).toMatchObject({ remaining: 0 });
    const values = await tool(
      'kafka-console-consumer',
      '--topic copy --from-beginning --isolation-level read_committed --timeout-ms 3000',
    );
    expect(values.trim().split('\n').map(Number)).toEqual(Array.from({ length: 500 }, (_, index) => index));
  });

  test('kafka-e2e-latency gets each record back', async () => {
    await tool('kafka-topics', '--create --topic latency');
    const told = await tool(
      'kafka-e2e-latency',
      '--topic latency --num-records 20 --producer-acks all --record-size 100',
    );
    expect(told).toMatch(/Percentiles: 50th = \d+/);
  });

  test('kafka-streams-application-reset forgets the offsets of an application', async () => {
    const told = await tool(
      'kafka-streams-application-reset',
      '--application-id verifiable-classic --input-topics numbers --to-earliest --force',
    );
    expect(told).toContain('Topic: numbers Partition: 2 Offset: 0');
  });

  test('kafka-metadata-quorum is told that this broker has no quorum to describe', async () => {
    const { code, out, complaints } = await runKafkaTool(
      'kafka-metadata-quorum',
      ['--bootstrap-server', broker.bootstrap, 'describe', '--status'],
      { mayFail: true },
    );
    expect(code).toBe(1);
    expect(`${out}${complaints}`).toContain('UnsupportedVersionException');
    expect(`${out}${complaints}`).toContain('DESCRIBE_QUORUM');
  });
});
