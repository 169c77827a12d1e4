import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, connect } from '@ks/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../src/client-brokers.ts';
import { type KafkaBroker, startKafka } from '../src/kafka/kafka-broker.ts';
import { fetchKafka } from '../src/kafka/kafka-jars.ts';
import { compileRecordingReporter, recordingReporter } from '../src/kafka/recording-reporter.ts';
import { describeWith, triedAgain } from '../src/peers.ts';
import { type TemporaryDirectory, temporaryDirectory } from '../src/temporary-directory.ts';

// What our client pushes, as Apache Kafka's plug-in for it gets and reads it (KIP-714).

describeWith('Kafka')('at Apache Kafka', triedAgain, () => {
  let directory: TemporaryDirectory;
  let kafka: KafkaBroker;
  let root: Client;
  let path: string;

  beforeAll(async () => {
    await fetchKafka();
    directory = await temporaryDirectory();
    path = join(directory.path, 'pushes.txt');
    await writeFile(path, '');
    await compileRecordingReporter(directory.path);
    kafka = await startKafka(join(directory.path, 'kafka'), recordingReporter(path), { classes: directory.path });
    root = await connect({ brokers: kafka.bootstrap, telemetry: false });
    await root.admin.createTopic('t');
  }, 180_000);
  afterAll(async () => {
    await root?.close();
    await kafka?.stop();
    await directory?.[Symbol.asyncDispose]();
  });

  /** Asks clients of this id for metrics whose names begin so. */
  async function subscribe(clientId: string, metrics: string): Promise<void> {
    const set = { metrics, match: `client_id=${clientId}`, 'interval.ms': '200' };
    await root.admin.alterConfigs([{ type: 'clientMetrics', name: clientId, set }]);
    await until(async () =>
      (await root.admin.listConfigResources({ types: ['clientMetrics'] })).some(({ name }) => name === clientId),
    );
  }

  const pushesOf = async ({ clientInstanceId }: Client): Promise<string[]> => {
    // As Java prints it: with the padding of base64 left out, and its own alphabet.
    const id = clientInstanceId?.replaceAll('=', '');
    const text = await readFile(path, 'utf8');
    return text.split('push of ').filter((push) => id !== undefined && push.startsWith(id));
  };

  async function work(ks: Client): Promise<void> {
    await ks.producer().send('t', { key: null, value: 'x' });
    await using consumer = ks.consumer({ from: 'beginning', group: 'g' });
    for await (const _ of consumer.read('t')) break;
  }

  test('a client that is subscribed to pushes all it measures, and once more when it closes', async () => {
    await subscribe('all-of-it', '*');
    const ks = await connect({ brokers: kafka.bootstrap, clientId: 'all-of-it' });
    await until(() => ks.clientInstanceId !== undefined);
    await until(async () => (await pushesOf(ks)).length > 0);
    await work(ks);
    const wanted = [
      'org.apache.kafka.producer.record.send.total',
      'org.apache.kafka.producer.node.request.latency.avg',
      'org.apache.kafka.producer.connection.creation.total',
      'org.apache.kafka.consumer.fetch.manager.records.consumed.total',
      'org.apache.kafka.consumer.coordinator.rebalance.total',
    ];
    await until(async () => {
      const pushed = (await pushesOf(ks)).join('');
      return wanted.every((name) => pushed.includes(`name: "${name}"`));
    });
    await ks.close();
    const pushes = await pushesOf(ks);
    expect(pushes.at(-1)).toContain(', the last');
    expect(pushes.filter((push) => push.includes(', the last'))).toHaveLength(1);
    expect(pushes.join('')).toMatch(/node_id[^}]*string_value: "1"/s);
    expect(pushes.join('')).toContain('aggregation_temporality: AGGREGATION_TEMPORALITY_DELTA');
    expect(pushes.join('')).not.toContain('unknown');
  });

  test('only what was asked for is pushed, and a new subscription is followed', async () => {
    await subscribe('some-of-it', 'org.apache.kafka.producer.record');
    await using ks = await connect({ brokers: kafka.bootstrap, clientId: 'some-of-it' });
    await work(ks);
    const names = async (): Promise<Set<string>> =>
      new Set(
        (await pushesOf(ks)).flatMap((push) =>
          [...push.matchAll(/ name: "(org[^"]*)"/g)].map(([, name]) => name ?? ''),
        ),
      );
    await until(async () => {
      await ks.producer().send('t', { key: null, value: 'x' });
      return (await names()).size > 0;
    });
    expect([...(await names())]).toEqual(['org.apache.kafka.producer.record.send.total']);
    await subscribe('some-of-it', 'org.apache.kafka.producer');
    await until(async () => {
      await ks.producer().send('t', { key: null, value: 'x' });
      return (await names()).has('org.apache.kafka.producer.node.request.latency.max');
    });
  });

  test('nothing is pushed by a client that must not', async () => {
    await subscribe('silent', '*');
    await using ks = await connect({ brokers: kafka.bootstrap, clientId: 'silent', telemetry: false });
    await work(ks);
    expect(ks.clientInstanceId).toBeUndefined();
    expect(await pushesOf(ks)).toEqual([]);
  });
});
