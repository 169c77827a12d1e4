import type { BatchRecord, RecordHeader } from '@ks/protocol';
import { asKafkaError, type KafkaError } from '../kafka-error.ts';
import { type DataPlace, decodeKey, decodeValue } from '../topic/data-format.ts';
import type { RecordPlace } from '../topic/record-types.ts';
import type { AnyTopic } from '../topic/topic.ts';

/** A record as it was read: a view of its batch, whose parts are made when they are asked for. */
abstract class RecordInPlace implements RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly #record: BatchRecord;

  constructor(topic: string, partition: number, record: BatchRecord) {
    this.topic = topic;
    this.partition = partition;
    this.#record = record;
  }

  get offset(): number {
    return this.#record.offset;
  }
  get timestamp(): number {
    return this.#record.timestamp;
  }
  get timestampExact(): bigint {
    return this.#record.timestampExact;
  }
  get timestampType(): 'createTime' | 'logAppendTime' {
    return this.#record.batch.isLogAppendTime ? 'logAppendTime' : 'createTime';
  }
  get leaderEpoch(): number {
    return this.#record.batch.leaderEpoch;
  }
  get headers(): readonly RecordHeader[] {
    return this.#record.headers;
  }
  get sizeBytes(): number {
    return this.#record.sizeBytes;
  }
  get keySizeBytes(): number {
    return this.#record.keySizeBytes;
  }
  get valueSizeBytes(): number {
    return this.#record.valueSizeBytes;
  }

  protected get source(): BatchRecord {
    return this.#record;
  }
}

/** A record of a topic given by name: key and value are bytes. */
export class BytesRecord extends RecordInPlace {
  get key(): Uint8Array | null {
    return this.source.key;
  }
  get value(): Uint8Array | null {
    return this.source.value;
  }
}

/** A record whose key and value were decoded and found valid. */
export class TypedRecord extends RecordInPlace {
  readonly key: unknown;
  readonly value: unknown;

  constructor(topic: string, partition: number, record: BatchRecord, key: unknown, value: unknown) {
    super(topic, partition, record);
    this.key = key;
    this.value = value;
  }
}

/** A record that its topic's schema or codec refuses, as `onInvalid: 'raw'` gives it: the bytes, and why. */
export class InvalidRecord extends BytesRecord {
  readonly invalid: KafkaError;

  constructor(topic: string, partition: number, record: BatchRecord, invalid: KafkaError) {
    super(topic, partition, record);
    this.invalid = invalid;
  }
}

export type OnInvalid = 'throw' | 'skip' | 'raw';
export type AnyRecord = BytesRecord | TypedRecord | InvalidRecord;

/**
 * The record a reader gets: undefined where an invalid one is skipped, a promise where the topic's schema is asynchronous.
 * Throws INVALID_DATA under `onInvalid: 'throw'`.
 */
export function readRecord(
  topic: AnyTopic | undefined,
  name: string,
  partition: number,
  record: BatchRecord,
  onInvalid: OnInvalid,
): AnyRecord | undefined | Promise<AnyRecord | undefined> {
  if (topic === undefined) return new BytesRecord(name, partition, record);
  const refuse = (error: unknown): AnyRecord | undefined => {
    const invalid = asKafkaError(error);
    if (onInvalid === 'throw') throw invalid;
    return onInvalid === 'skip' ? undefined : new InvalidRecord(name, partition, record, invalid);
  };
  const place = (side: DataPlace['side']): DataPlace => ({ side, topic: name, partition, offset: record.offset });
  try {
    const key = decodeKey(topic, record.key, place('key'));
    const value = decodeValue(topic, record.value, place('value'));
    if (!(key instanceof Promise) && !(value instanceof Promise))
      return new TypedRecord(name, partition, record, key, value);
    return Promise.all([key, value]).then(([k, v]) => new TypedRecord(name, partition, record, k, v), refuse);
  } catch (error) {
    return refuse(error);
  }
}
