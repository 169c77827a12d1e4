import { encodePlainRecordBatch, type RecordInput } from '@ks/protocol';
import type { Consumer } from '../../src/consumer/consumer.ts';
import type { ReadOptions } from '../../src/consumer/consumer-options.ts';
import { FakeKafka } from './fake-kafka.ts';

export const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();
export const inputs = (...values: string[]): RecordInput[] =>
  values.map((value, index) => ({ timestamp: 1000 + index, value: Buffer.from(value) }));

/** Appends one batch of these values. */
export function put(kafka: FakeKafka, name: string, partition: number, ...values: string[]): number {
  return kafka.append(name, partition, encodePlainRecordBatch(inputs(...values), { checksum: kafka.core }));
}

/** The values that a reading gives. */
export async function valuesOf(consumer: Consumer, options: ReadOptions = { until: 'end' }): Promise<string[]> {
  const values: string[] = [];
  for await (const record of consumer.read(options)) values.push(text(record.value));
  return values;
}

/** A cluster with one topic of one partition that holds a, b, c and d in two batches. */
export function abcd(): FakeKafka {
  const kafka = new FakeKafka();
  kafka.createTopic('t');
  put(kafka, 't', 0, 'a', 'b');
  put(kafka, 't', 0, 'c', 'd');
  return kafka;
}

export const first = { topic: 't', partition: 0 };
