import { startEmbeddedBroker } from '@ks/broker';
import * as platformatic from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { haveKcat, kcat } from '../src/kcat.ts';
import { installKafkajsCodecs } from '../src/kafkajs-codecs.ts';

// Every foreign client writes with every codec, and every one reads what every other wrote.

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
type Codec = (typeof codecs)[number];
const records = Array.from({ length: 50 }, (_, index) => ({
  key: `key-${index % 7}`,
  value: `välue ${index} ${'x'.repeat(index * 13)}`,
}));

interface ForeignClient {
  readonly name: string;
  readonly missing: boolean;
  produce(topic: string, codec: Codec): Promise<void>;
  /** All records of partition 0, as `key=value` in order. */
  consume(topic: string): Promise<readonly string[]>;
}

let broker: Awaited<ReturnType<typeof startEmbeddedBroker>>;
const closers: (() => Promise<unknown>)[] = [];
const expected = records.map(({ key, value }) => `${key}=${value}`);

const kcatClient: ForeignClient = {
  name: 'kcat',
  missing: !haveKcat,
  async produce(topic, codec) {
    const input = expected.map((line) => `${line}\n`).join('');
    await kcat(
      broker.bootstrap,
      ['-P', '-t', topic, '-p', '0', '-K', '=', '-X', `compression.codec=${codec}`, '-X', 'linger.ms=50'],
      input,
    );
  },
  async consume(topic) {
    const out = await kcat(broker.bootstrap, ['-C', '-t', topic, '-p', '0', '-o', 'beginning', '-e', '-q', '-K', '=']);
    return out.split('\n').slice(0, -1);
  },
};

function kafkajsClient(): ForeignClient {
  installKafkajsCodecs();
  const { Kafka, logLevel, CompressionTypes } = kafkajs;
  const types: Readonly<Record<Codec, number>> = {
    none: CompressionTypes.None,
    gzip: CompressionTypes.GZIP,
    snappy: CompressionTypes.Snappy,
    lz4: CompressionTypes.LZ4,
    zstd: CompressionTypes.ZSTD,
  };
  const connect = () => new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING });
  return {
    name: 'kafkajs',
    missing: false,
    async produce(topic, codec) {
      const producer = connect().producer();
      await producer.connect();
      await producer.send({
        topic,
        compression: types[codec],
        messages: records.map((record) => ({ ...record, partition: 0 })),
      });
      await producer.disconnect();
    },
    async consume(topic) {
      const consumer = connect().consumer({ groupId: `kafkajs-${topic}` });
      const found: string[] = [];
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await new Promise<void>((resolve, reject) => {
        consumer
          .run({
            eachMessage: async ({ message }) => {
              found.push(`${message.key}=${message.value}`);
              if (found.length === records.length) resolve();
            },
          })
          .catch(reject);
      });
      await consumer.disconnect();
      return found;
    },
  };
}

const platformaticClient: ForeignClient = {
  name: '@platformatic/kafka',
  missing: false,
  async produce(topic, codec) {
    const producer = new platformatic.Producer({
      clientId: 'compat',
      bootstrapBrokers: [broker.bootstrap],
      serializers: platformatic.stringSerializers,
      autocreateTopics: true,
    });
    await producer.send({
      messages: records.map((record) => ({ ...record, topic, partition: 0 })),
      compression: codec,
      acks: platformatic.ProduceAcks.ALL,
    });
    await producer.close();
  },
  async consume(topic) {
    const consumer = new platformatic.Consumer({
      groupId: `platformatic-${topic}`,
      clientId: 'compat',
      bootstrapBrokers: [broker.bootstrap],
      deserializers: platformatic.stringDeserializers,
    });
    const stream = await consumer.consume({
      topics: [topic],
      mode: platformatic.MessagesStreamModes.EARLIEST,
      autocommit: true,
    });
    const found: string[] = [];
    for await (const message of stream) {
      found.push(`${message.key}=${message.value}`);
      if (found.length === records.length) break;
    }
    await consumer.close(true);
    return found;
  },
};

const clients: readonly ForeignClient[] = [kcatClient, kafkajsClient(), platformaticClient];

beforeAll(async () => {
  broker = await startEmbeddedBroker({ config: { 'group.initial.rebalance.delay.ms': '0' } });
  closers.push(() => broker.stop());
});
afterAll(async () => {
  for (const close of closers) await close();
});

describe.each(clients.map((client) => [client.name, client] as const))('%s writes', (name, writer) => {
  test.skipIf(writer.missing && process.env['CI'] !== 'true').each(codecs)(
    'with %s, and everyone reads it',
    async (codec) => {
      const topic = `${name.replace(/[^a-z]/g, '')}-${codec}`;
      await writer.produce(topic, codec);
      for (const reader of clients.filter((client) => !client.missing))
        expect(await reader.consume(topic), reader.name).toEqual(expected);
    },
  );
});

test('under CI no client is missing', () => {
  expect(process.env['CI'] !== 'true' || clients.every((client) => !client.missing)).toBe(true);
});
