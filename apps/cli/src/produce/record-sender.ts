import type { Producer } from '@ks/client';
import { CliError } from '../errors/cli-error.ts';
import { ExitCode } from '../errors/exit-codes.ts';
import type { ProduceRecord } from '../input/produce-record.ts';
import type { HeaderView } from '../records/record-view.ts';

/** Bytes that may be read and not yet acknowledged: a fast input must not pile up behind a slow broker. */
const WAITING_BYTES_MAX = 24 * 1024 * 1024;

/** Large batches, and no limit of our own to a record: how large one may be is the topic's to say. */
export const producerSizes = { batchBytes: 256 * 1024, maxRequestBytes: 64 * 1024 * 1024 } as const;

/** What a record gets that leaves it out. */
export interface RecordDefaults {
  readonly topic: string;
  readonly key: Uint8Array | undefined;
  readonly partition: number | undefined;
  /** In ms since 1970. */
  readonly timestamp: number | undefined;
  /** Whether records go where they say; `required`: they must say it. */
  readonly namedTopics: 'followed' | 'ignored' | 'required';
  readonly namedPartitions: 'followed' | 'ignored';
  /** Added behind the record's own. */
  readonly headers: readonly HeaderView[];
  /** Empty values, and keys where `emptyKeysAreNull`, are sent as null. */
  readonly emptyIsNull: boolean;
  readonly emptyKeysAreNull: boolean;
}

type Completed = Pick<ProduceRecord, 'key' | 'value' | 'headers'> & {
  readonly partition?: number | undefined;
  readonly timestamp?: number | undefined;
};

interface SentChunk {
  readonly settled: Promise<void>;
  readonly sizeBytes: number;
}

/** Sends records chunk by chunk, and holds its caller back while too much is under way. */
export class RecordSender {
  readonly #producer: Producer;
  readonly #defaults: RecordDefaults;
  readonly #addsNothing: boolean;
  readonly #chunks: SentChunk[] = [];
  #waitingBytes = 0;
  #sent = 0;
  #failure: unknown;

  constructor(producer: Producer, defaults: RecordDefaults) {
    this.#producer = producer;
    this.#defaults = defaults;
    const { key, partition, timestamp, namedPartitions, headers, emptyIsNull, emptyKeysAreNull } = defaults;
    const changesNothing = !emptyIsNull && !emptyKeysAreNull && namedPartitions === 'followed';
    const fillsNothing = key === undefined && partition === undefined && timestamp === undefined;
    this.#addsNothing = changesNothing && fillsNothing && headers.length === 0;
  }

  /** How many records were acknowledged; of those that were given together with one that failed, none counts. */
  get sent(): number {
    return this.#sent;
  }

  /** Takes records; settles when more may be given. Rejects with the first failure of any record so far. */
  async send(records: readonly ProduceRecord[]): Promise<void> {
    let sizeBytes = 0;
    for (const { key, value } of records) sizeBytes += (key?.length ?? 0) + (value?.length ?? 0);
    this.#chunks.push({ settled: this.#sendAll(records), sizeBytes });
    this.#waitingBytes += sizeBytes;
    while (this.#waitingBytes > WAITING_BYTES_MAX && this.#chunks.length > 0) {
      const oldest = this.#chunks.shift();
      await oldest?.settled;
      this.#waitingBytes -= oldest?.sizeBytes ?? 0;
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Settles when all records are acknowledged. Rejects with the first failure. */
  async finish(): Promise<void> {
    await this.#producer.flush();
    await Promise.all(this.#chunks.map((chunk) => chunk.settled));
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Never rejects. What is awaited holds on to no record: all are copied into their batches when `sendBatch` returns. */
  #sendAll(records: readonly ProduceRecord[]): Promise<void> {
    const runs = [...this.#runsByTopic(records)].map((run) => this.#sendRun(run));
    return Promise.all(runs).then(
      () => undefined,
      (error: unknown) => {
        this.#failure ??= error;
      },
    );
  }

  #sendRun(run: readonly ProduceRecord[]): Promise<void> {
    const topic = this.#topicOf(run[0]);
    if (topic === undefined) return Promise.reject(topicless());
    return this.#producer
      .sendBatch(
        topic,
        run.map((record) => this.#complete(record)),
      )
      .then((sent) => {
        this.#sent += sent.length;
      });
  }

  /** Where a record goes; undefined where it should say so and does not. */
  #topicOf(record: ProduceRecord | undefined): string | undefined {
    const { topic, namedTopics } = this.#defaults;
    if (namedTopics === 'ignored') return topic;
    return namedTopics === 'required' ? record?.topic : (record?.topic ?? topic);
  }

  /** Records that stand together and go to the same topic. */
  *#runsByTopic(records: readonly ProduceRecord[]): Generator<readonly ProduceRecord[]> {
    let from = 0;
    for (let at = 1; at <= records.length; at += 1) {
      if (at < records.length && this.#topicOf(records[at]) === this.#topicOf(records[from])) continue;
      yield from === 0 && at === records.length ? records : records.slice(from, at);
      from = at;
    }
  }

  /** The record with what it leaves out; the same where nothing is to be added. */
  #complete(record: ProduceRecord): Completed {
    const { key, partition, timestamp, namedPartitions, headers, emptyIsNull, emptyKeysAreNull } = this.#defaults;
    if (record.partition !== undefined && record.partition < 0)
      throw new CliError(`partition ${record.partition} is negative`);
    if (this.#addsNothing) return record;
    const ownKey = emptyKeysAreNull && record.key?.length === 0 ? null : record.key;
    return {
      key: ownKey ?? key ?? null,
      value: emptyIsNull && record.value?.length === 0 ? null : record.value,
      headers: headers.length === 0 ? record.headers : [...record.headers, ...headers],
      partition: namedPartitions === 'ignored' ? undefined : (record.partition ?? partition),
      timestamp: record.timestamp ?? timestamp,
    };
  }
}

function topicless(): CliError {
  return new CliError('a record names no topic', { exitCode: ExitCode.USAGE, hint: 'give the topic in place of -' });
}
