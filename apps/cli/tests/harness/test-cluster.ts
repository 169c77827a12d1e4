import { type EmbeddedBroker, startEmbeddedBroker } from '@ks/broker';
import { type Client, connect, type RecordHeader } from '@ks/client';
import { afterAll, beforeAll } from 'vitest';
import { callKs } from './call-ks.ts';
import { type Ended, type RunOptions, runKs } from './run-ks.ts';

/** A record as tests write and compare it. */
export interface PlainRecord {
  readonly partition?: number;
  readonly timestamp?: number;
  readonly key?: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: readonly RecordHeader[];
}

/** A broker in memory for all tests of a file, and `ks` pointed at it. */
export interface TestCluster {
  readonly bootstrap: string;
  readonly client: Client;
  /** Runs `ks` with KS_BROKERS set to the broker. */
  ks(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** The same within this process: quicker, without standard input. */
  call(args: readonly string[]): Promise<Ended>;
  /** Makes a topic with a name of its own. */
  topic(partitions?: number): Promise<string>;
  /** Writes records in their order. */
  write(topic: string, records: readonly PlainRecord[]): Promise<void>;
  /** All records of a topic, by partition and offset. */
  read(topic: string): Promise<Required<PlainRecord>[]>;
}

/** Registers a broker that lives as long as the tests of the file. */
export function useTestCluster(): TestCluster {
  let broker: EmbeddedBroker | undefined;
  let client: Client | undefined;
  let topics = 0;
  beforeAll(async () => {
    broker = await startEmbeddedBroker({
      config: { 'message.max.bytes': '20000000', 'group.initial.rebalance.delay.ms': '0' },
    });
    client = await connect({ brokers: broker.bootstrap });
  });
  afterAll(async () => {
    await client?.close();
    await broker?.stop();
  });
  const started = <T>(part: T | undefined): T => {
    if (part === undefined) throw new Error('the broker is only there within tests');
    return part;
  };
  return {
    get bootstrap() {
      return started(broker).bootstrap;
    },
    get client() {
      return started(client);
    },
    ks: (args, options = {}) =>
      runKs(args, { ...options, env: { KS_BROKERS: started(broker).bootstrap, ...options.env } }),
    call: (args) => callKs(args, started(broker).bootstrap),
    async topic(partitions = 1) {
      topics += 1;
      const name = `topic-${topics}`;
      await started(client).admin.createTopic(name, { partitions });
      return name;
    },
    async write(topic, records) {
      await using producer = started(client).producer();
      await producer.sendBatch(
        topic,
        records.map((record) => ({ key: null, ...record })),
      );
    },
    async read(topic) {
      await using consumer = started(client).consumer({ from: 'beginning' });
      const found: Required<PlainRecord & { offset: number }>[] = [];
      for await (const { partition, offset, timestamp, key, value, headers } of consumer.read(
        { until: 'end' },
        topic,
      )) {
        found.push({ partition, offset, timestamp, key, value, headers });
      }
      found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
      return found.map(({ offset: _, ...record }) => record);
    },
  };
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const text = (value: Uint8Array | null): string | null =>
  value === null ? null : new TextDecoder().decode(value);
