import type { RecordHeader } from '@ks/protocol';
import type { AnyTopic, Topic, TopicOf } from './topic.ts';

/** Headers to send: a list (order and duplicates are kept), or an object for the usual case. Strings are written as UTF-8. */
export type HeadersInput =
  | readonly { readonly key: string; readonly value: Uint8Array | string | null }[]
  | { readonly [key: string]: Uint8Array | string | null };

export interface SendOptions {
  readonly headers?: HeadersInput | undefined;
  /** Overrides the partitioner. */
  readonly partition?: number | undefined;
  /** Milliseconds since the epoch; default: now. */
  readonly timestamp?: number | undefined;
}

type KeyField<KeyIn> = undefined extends KeyIn ? { readonly key?: KeyIn } : { readonly key: KeyIn };

/** What `send` takes for a topic. The key may be left out only where the topic's schema allows undefined. */
export type RecordToSend<T extends AnyTopic | string> =
  TopicOf<T> extends Topic<string, infer KeyIn, unknown, infer ValueIn, unknown>
    ? KeyField<KeyIn> & { readonly value: ValueIn } & SendOptions
    : never;

/** Where a record went. */
export interface SentRecord {
  readonly topic: string;
  readonly partition: number;
  /** -1 with acks 0. */
  readonly offset: number;
  /** Milliseconds since the epoch: the record's, or the broker's append time where the topic is set so. */
  readonly timestamp: number;
}

/** What every record that is read has, whatever its topic. */
export interface RecordPlace {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch, clamped to ±(2^53-1). */
  readonly timestamp: number;
  /** The same in full range. */
  readonly timestampExact: bigint;
  readonly timestampType: 'createTime' | 'logAppendTime';
  /** The leader epoch of the record's batch, -1 where it has none. */
  readonly leaderEpoch: number;
  readonly headers: readonly RecordHeader[];
  /** Of the whole record within its batch, before compression. */
  readonly sizeBytes: number;
  /** -1 where there is no key. */
  readonly keySizeBytes: number;
  /** -1 for a tombstone. */
  readonly valueSizeBytes: number;
}

/** A record of one topic, or of one of several, told apart by `topic`. */
export type ConsumedRecord<T extends AnyTopic | string> = T extends AnyTopic | string
  ? TopicOf<T> extends Topic<infer Name, infer _KeyIn, infer KeyOut, infer _ValueIn, infer ValueOut>
    ? RecordPlace & { readonly topic: Name; readonly key: KeyOut; readonly value: ValueOut }
    : never
  : never;
