import type { StandardSchemaV1 } from '@standard-schema/spec';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import { codecs, type DataCodec } from './data-codec.ts';

/**
 * A topic as a value: its name, and how its keys and values are written and checked. `KeyIn` and `ValueIn` are what is sent,
 * `KeyOut` and `ValueOut` what is read.
 */
export interface Topic<
  Name extends string = string,
  KeyIn = unknown,
  KeyOut = unknown,
  ValueIn = unknown,
  ValueOut = unknown,
> {
  readonly name: Name;
  readonly key: DataFormat;
  readonly value: DataFormat;
  /** Whether null is a value here (a tombstone), beside what the schema says. */
  readonly tombstones: boolean;
  /** Where it stands for every topic whose name matches: see `topicPattern`. */
  readonly pattern?: RegExp | undefined;
  /** Carries the types; never there. */
  readonly types?: {
    readonly keyIn: KeyIn;
    readonly keyOut: KeyOut;
    readonly valueIn: ValueIn;
    readonly valueOut: ValueOut;
  };
}

/** How one side of a record is checked and written. */
export interface DataFormat {
  readonly schema: StandardSchemaV1 | undefined;
  readonly codec: DataCodec<unknown>;
  /** Whether the schema may check asynchronously. */
  readonly allowsAsync: boolean;
}

/** A topic of any type: the bound of type parameters, never a value. */
// biome-ignore lint/suspicious/noExplicitAny: types of input positions must be any for a bound to hold.
export type AnyTopic = Topic<string, any, unknown, any, unknown>;

export interface TopicOptions<
  KeySchema extends StandardSchemaV1 | undefined,
  ValueSchema extends StandardSchemaV1 | undefined,
  Tombstones extends boolean,
  KeyData,
  ValueData,
> {
  /** Checks keys. Without one, keys are what the codec gives and may be left out. */
  readonly key?: KeySchema;
  /** Checks values. */
  readonly value?: ValueSchema;
  /** Whether a value may be null, which deletes the key in a compacted topic. Default false. */
  readonly tombstones?: Tombstones;
  /** How keys and values are written. Default: keys as `string`, so that they partition as other clients' do; values as `json`. */
  readonly codec?: { readonly key?: DataCodec<KeyData>; readonly value?: DataCodec<ValueData> };
  /** Allows schemas that check asynchronously: each record then costs a turn. Default false: such a schema is refused at first use. */
  readonly asyncSchema?: boolean;
}

type KeyInOf<Schema, Data> = Schema extends StandardSchemaV1
  ? StandardSchemaV1.InferInput<Schema>
  : Data | null | undefined;
type KeyOutOf<Schema, Data> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : Data | null;
type ValueInOf<Schema, Data> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferInput<Schema> : Data;
type ValueOutOf<Schema, Data> = Schema extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Schema> : Data;
type Tombstone<Allowed> = Allowed extends true ? null : never;

/**
 * Declares a topic.
 *
 *     const orders = topic('orders', { key: z.string(), value: z.object({ id: z.string(), cents: z.int() }) })
 *
 * `send` takes what the schemas take and writes just that, once it was found valid; readers get what the schemas give.
 */
export function topic<
  const Name extends string,
  KeySchema extends StandardSchemaV1 | undefined = undefined,
  ValueSchema extends StandardSchemaV1 | undefined = undefined,
  Tombstones extends boolean = false,
  KeyData = string,
  ValueData = unknown,
>(
  name: Name,
  options: TopicOptions<KeySchema, ValueSchema, Tombstones, KeyData, ValueData> = {},
): Topic<
  Name,
  KeyInOf<KeySchema, KeyData>,
  KeyOutOf<KeySchema, KeyData>,
  ValueInOf<ValueSchema, ValueData> | Tombstone<Tombstones>,
  ValueOutOf<ValueSchema, ValueData> | Tombstone<Tombstones>
> {
  const allowsAsync = options.asyncSchema ?? false;
  return {
    name,
    key: { schema: options.key, codec: (options.codec?.key ?? codecs.string) as DataCodec<unknown>, allowsAsync },
    value: { schema: options.value, codec: (options.codec?.value ?? codecs.json) as DataCodec<unknown>, allowsAsync },
    tombstones: options.tombstones ?? false,
  };
}

/**
 * Every topic whose whole name `pattern` matches, all of the same types: to be read, also as a group's member.
 *
 *     consumer.read(topicPattern(/orders-.+/, { value: order }))
 *
 * In groups of the new protocol the broker matches, in RE2's syntax. Flags are refused with INVALID_ARGUMENT.
 */
export function topicPattern<
  KeySchema extends StandardSchemaV1 | undefined = undefined,
  ValueSchema extends StandardSchemaV1 | undefined = undefined,
  Tombstones extends boolean = false,
  KeyData = string,
  ValueData = unknown,
>(
  pattern: RegExp,
  options: TopicOptions<KeySchema, ValueSchema, Tombstones, KeyData, ValueData> = {},
): Topic<
  string,
  KeyInOf<KeySchema, KeyData>,
  KeyOutOf<KeySchema, KeyData>,
  ValueInOf<ValueSchema, ValueData> | Tombstone<Tombstones>,
  ValueOutOf<ValueSchema, ValueData> | Tombstone<Tombstones>
> {
  wholeName(pattern);
  return {
    ...topic<string, KeySchema, ValueSchema, Tombstones, KeyData, ValueData>(String(pattern), options),
    pattern,
  };
}

/** The expression that matches whole names. Throws INVALID_ARGUMENT for one with flags, which brokers do not have. */
export function wholeName(pattern: RegExp): RegExp {
  const { source, flags } = pattern;
  if (flags !== '' && flags !== 'u') {
    throw new KafkaError(ClientErrorCode.INVALID_ARGUMENT, `${pattern} has flags: topics are matched without any`);
  }
  return new RegExp(`^(?:${source})$`, flags);
}

/** What a name alone stands for: bytes, unchecked. */
export type BytesTopic<Name extends string = string> = Topic<
  Name,
  Uint8Array | string | null | undefined,
  Uint8Array | null,
  Uint8Array | string | null,
  Uint8Array | null
>;

/** The topic that is meant by a name or by a topic. */
export type TopicOf<T extends AnyTopic | string> = T extends string ? BytesTopic<T> : T;

/** A name, whatever it was given as. */
export function topicName(given: AnyTopic | string): string {
  return typeof given === 'string' ? given : given.name;
}
