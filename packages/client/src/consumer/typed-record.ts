import type { BatchRecord, RecordHeader } from '@ks/protocol';
import { asKafkaError, ClientErrorCode, type KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import { type DataPlace, decodeKey, decodeValue } from '../topic/data-format.ts';
import type { RecordPlace } from '../topic/record-types.ts';
import type { AnyTopic } from '../topic/topic.ts';
import type { TopicSelection } from './read-arguments.ts';

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

/** What became of a record that was decoded before anyone asked for it. */
export type Decoded = { readonly record: AnyRecord | undefined } | { readonly error: unknown };

export type OnInvalid = 'throw' | 'skip' | 'raw' | 'deadLetter';
export type AnyRecord = BytesRecord | TypedRecord | InvalidRecord;

/** Where records go that a reader can do nothing with. Settles when one is safe there. */
export type Bury = (place: TopicPartition, record: BatchRecord, reason: KafkaError) => Promise<void>;

/** Makes what a reader gets of what is stored. */
export class RecordDecoder {
  readonly #topics: TopicSelection;
  readonly #onInvalid: OnInvalid;
  readonly #bury: Bury | undefined;

  /** `bury` is for `onInvalid: 'deadLetter'`. */
  constructor(topics: TopicSelection, onInvalid: OnInvalid, bury: Bury | undefined) {
    this.#topics = topics;
    this.#onInvalid = onInvalid;
    this.#bury = bury;
  }

  /**
   * The record a reader gets: undefined where an invalid one is left out, a promise where the topic's schema is asynchronous or an invalid
   * record goes elsewhere. Throws INVALID_DATA under `onInvalid: 'throw'`. `name` is the topic that it is shown as a record of.
   */
  decode(
    place: TopicPartition,
    record: BatchRecord,
    name = place.topic,
  ): AnyRecord | undefined | Promise<AnyRecord | undefined> {
    const topic = this.#topics.typeOf(name);
    if (topic === undefined) return new BytesRecord(name, place.partition, record);
    return this.#typed(topic, name, place, record);
  }

  /** Decodes the records in [firstOffset, stopOffset), each waited for, up to the first error, which is kept for whoever comes to it. */
  async decodeAhead(
    place: TopicPartition,
    records: Iterable<BatchRecord>,
    firstOffset: number,
    stopOffset: number,
  ): Promise<Decoded[]> {
    const all: Decoded[] = [];
    for (const one of records) {
      if (one.offset < firstOffset) continue;
      if (one.offset >= stopOffset) break;
      try {
        const shown = this.decode(place, one);
        all.push({ record: shown instanceof Promise ? await shown : shown });
      } catch (error) {
        all.push({ error });
        break;
      }
    }
    return all;
  }

  /** Whether records of this topic may have to be waited for. */
  isAsync(name: string): boolean {
    const topic = this.#topics.typeOf(name);
    return (
      topic !== undefined && [topic.key, topic.value].some((side) => side.allowsAsync || side.codec.isAsync === true)
    );
  }

  #typed(
    topic: AnyTopic,
    name: string,
    place: TopicPartition,
    record: BatchRecord,
  ): AnyRecord | undefined | Promise<AnyRecord | undefined> {
    const { partition } = place;
    const at = (side: DataPlace['side']): DataPlace => ({ side, ...place, offset: record.offset });
    try {
      const key = decodeKey(topic, record.key, at('key'));
      const value = decodeValue(topic, record.value, at('value'));
      if (!(key instanceof Promise) && !(value instanceof Promise))
        return new TypedRecord(name, partition, record, key, value);
      return Promise.all([key, value]).then(
        ([k, v]) => new TypedRecord(name, partition, record, k, v),
        (error: unknown) => this.#refuse(place, record, error),
      );
    } catch (error) {
      return this.#refuse(place, record, error);
    }
  }

  #refuse(
    place: TopicPartition,
    record: BatchRecord,
    error: unknown,
  ): AnyRecord | undefined | Promise<AnyRecord | undefined> {
    const invalid = asKafkaError(error);
    // A misuse, such as an asynchronous schema that was not declared, is none of the record's.
    if (invalid.code !== ClientErrorCode.INVALID_DATA) throw invalid;
    switch (this.#onInvalid) {
      case 'throw':
        throw invalid;
      case 'skip':
        return undefined;
      case 'raw':
        return new InvalidRecord(place.topic, place.partition, record, invalid);
      case 'deadLetter':
        if (this.#bury === undefined) throw invalid;
        return this.#bury(place, record, invalid).then(() => undefined);
      default:
        return this.#onInvalid satisfies never;
    }
  }
}
