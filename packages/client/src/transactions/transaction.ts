import { ErrorCode } from '@ks/protocol';
import type { Committer, OffsetToCommit } from '../groups/group-offsets.ts';
import { asKafkaError, KafkaError } from '../kafka-error.ts';
import type { Producer } from '../producer/producer.ts';
import type { RecordToSend, SentRecord } from '../topic/record-types.ts';
import type { AnyTopic } from '../topic/topic.ts';
import type { TransactionSession } from './transaction-session.ts';

/** A member of a group whose offsets a transaction can commit: a consumer that does not commit by itself. */
export interface TransactionalReader {
  /** What is done, and in whose name. Throws INVALID_ARGUMENT where the reader commits by itself. */
  offsetsForTransaction(): {
    readonly group: string;
    readonly committer: Committer;
    readonly offsets: readonly OffsetToCommit[];
  };
}

/** What can be made part of a transaction. After the transaction's end every call rejects with INVALID_TXN_STATE. */
export interface Transaction {
  /** Fires when the transaction can only be aborted: its time is over, a record could not be delivered, the caller or `close` ended it. */
  readonly signal: AbortSignal;
  /** As `Producer.send`. That it is delivered is checked before the commit, whether or not this is awaited. */
  send<T extends AnyTopic | string>(topic: T, record: RecordToSend<T>): Promise<SentRecord>;
  /** As `Producer.sendBatch`. */
  sendBatch<T extends AnyTopic | string>(topic: T, records: readonly RecordToSend<T>[]): Promise<SentRecord[]>;
  /**
   * Commits what `reader` has done with (or the offsets given) with the transaction. Rejects with INVALID_ARGUMENT for a consumer that
   * commits by itself, and with UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, STALE_MEMBER_EPOCH or FENCED_INSTANCE_ID where its group has gone on
   * without it (KIP-447).
   */
  commitOffsets(reader: TransactionalReader, offsets?: readonly OffsetToCommit[]): Promise<void>;
}

/** A transaction under way. */
export class OpenTransaction implements Transaction {
  readonly #producer: Producer;
  readonly #session: TransactionSession;
  readonly #controller = new AbortController();
  readonly #under = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(producer: Producer, session: TransactionSession) {
    this.#producer = producer;
    this.#session = session;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  send<T extends AnyTopic | string>(topic: T, record: RecordToSend<T>): Promise<SentRecord> {
    return this.#track(() => this.#producer.send(topic, record, { signal: this.signal }));
  }

  sendBatch<T extends AnyTopic | string>(topic: T, records: readonly RecordToSend<T>[]): Promise<SentRecord[]> {
    return this.#track(() => this.#producer.sendBatch(topic, records, { signal: this.signal }));
  }

  commitOffsets(reader: TransactionalReader, offsets?: readonly OffsetToCommit[]): Promise<void> {
    return this.#track(async () => {
      const { group, committer, offsets: done } = reader.offsetsForTransaction();
      await this.#session.commitOffsets(group, committer, offsets ?? done);
    });
  }

  /** It can only be aborted. The first reason counts. */
  doom(error: KafkaError): void {
    if (this.#controller.signal.aborted) return;
    this.#controller.abort(error);
    this.#session.failed(error);
  }

  /** Takes nothing more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Settles when everything is delivered; without lingering. */
  async settled(): Promise<void> {
    await this.#producer.flush();
    await Promise.all(this.#under);
  }

  #track<T>(start: () => Promise<T>): Promise<T> {
    if (this.#isClosed) {
      const message = 'the transaction is over: await everything within the function that it runs';
      return Promise.reject(new KafkaError(ErrorCode.INVALID_TXN_STATE, message));
    }
    if (this.signal.aborted) return Promise.reject(asKafkaError(this.signal.reason));
    const promise = start();
    this.#under.add(promise);
    // Not awaited by the caller it fails the transaction, and nothing else.
    promise.then(
      () => this.#under.delete(promise),
      (error: unknown) => this.doom(asKafkaError(error)),
    );
    return promise;
  }
}
