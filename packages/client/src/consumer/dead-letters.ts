import type { BatchRecord, RecordHeader } from '@ks/protocol';
import { ClientErrorCode, KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';
import type { HeadersInput } from '../topic/record-types.ts';
import { type AnyTopic, topicName } from '../topic/topic.ts';
import type { Bury } from './typed-record.ts';

/** What was wrong with a record, and what was tried. */
export interface Reason {
  readonly error: unknown;
  readonly attempts?: number | undefined;
  /** Milliseconds since the epoch before which it is not tried again. */
  readonly notBefore?: number | undefined;
}

/** Headers of records that were put aside. Values are text. */
export const reasonHeaders = {
  /** Where the record was read first. */
  topic: 'ks.topic',
  partition: 'ks.partition',
  offset: 'ks.offset',
  timestamp: 'ks.timestamp',
  group: 'ks.group',
  /** The error's name and message. */
  error: 'ks.error',
  message: 'ks.message',
  /** How often it was tried. */
  attempts: 'ks.attempts',
  /** In retry topics: not before this time, in milliseconds since the epoch. */
  notBefore: 'ks.not-before',
} as const;

const isReason = new Set<string>(Object.values(reasonHeaders));
const originHeaders: readonly string[] = [
  reasonHeaders.topic,
  reasonHeaders.partition,
  reasonHeaders.offset,
  reasonHeaders.timestamp,
];

/** Who writes what is put aside; it must not lose what it has said is there. */
export interface AsideWriter {
  send(
    topic: string,
    record: {
      readonly key: Uint8Array | null;
      readonly value: Uint8Array | null;
      readonly headers: HeadersInput;
      readonly timestamp: number;
    },
    options: { readonly signal?: AbortSignal | undefined },
  ): Promise<unknown>;
}

/** Puts records aside, with everything they have, and with headers that say where they were and what was wrong. */
export class Aside {
  readonly #producer: () => AsideWriter;
  readonly #group: string | undefined;

  constructor(producer: () => AsideWriter, group: string | undefined) {
    this.#producer = producer;
    this.#group = group;
  }

  /** For records that their topic refuses. */
  buryIn(target: AnyTopic | string): Bury {
    return (place, record, error) => this.put(target, place, record, { error });
  }

  /** Settles when the record is safe. */
  async put(
    target: AnyTopic | string,
    place: TopicPartition,
    record: BatchRecord,
    reason: Reason,
    signal?: AbortSignal,
  ): Promise<void> {
    const headers = headersOf(place, record, reason, this.#group);
    const { key, value, timestamp } = record;
    await this.#producer().send(topicName(target), { key, value, headers, timestamp }, { signal });
  }
}

function headersOf(
  { topic, partition }: TopicPartition,
  record: BatchRecord,
  { error, attempts, notBefore }: Reason,
  group: string | undefined,
): { readonly key: string; readonly value: Uint8Array | string | null }[] {
  const before = record.headers;
  const isMoved = before.some(({ key }) => key === reasonHeaders.topic);
  const origin = isMoved
    ? before.filter(({ key }) => originHeaders.includes(key))
    : [
        { key: reasonHeaders.topic, value: topic },
        { key: reasonHeaders.partition, value: String(partition) },
        { key: reasonHeaders.offset, value: String(record.offset) },
        { key: reasonHeaders.timestamp, value: String(record.timestampExact) },
      ];
  const [name, message] = error instanceof Error ? [error.name, error.message] : ['Error', String(error)];
  const said = [
    ...(group === undefined ? [] : [{ key: reasonHeaders.group, value: group }]),
    { key: reasonHeaders.error, value: name },
    { key: reasonHeaders.message, value: message },
    ...(attempts === undefined ? [] : [{ key: reasonHeaders.attempts, value: String(attempts) }]),
    ...(notBefore === undefined ? [] : [{ key: reasonHeaders.notBefore, value: String(notBefore) }]),
  ];
  return [...before.filter(({ key }) => !isReason.has(key)), ...origin, ...said];
}

/** What the headers of a record that was put aside say. */
export function asideHeader(headers: readonly RecordHeader[], key: string): string | undefined {
  const value = headers.find((header) => header.key === key)?.value;
  return value === undefined || value === null ? undefined : new TextDecoder().decode(value);
}

/** Throws INVALID_ARGUMENT where records shall go to a topic that is not given. */
export function refuseMissingTarget(onInvalid: string | undefined, deadLetter: AnyTopic | string | undefined): void {
  if (onInvalid !== 'deadLetter' || deadLetter !== undefined) return;
  throw new KafkaError(
    ClientErrorCode.INVALID_ARGUMENT,
    "onInvalid: 'deadLetter' needs a topic to write to: give deadLetter",
  );
}
