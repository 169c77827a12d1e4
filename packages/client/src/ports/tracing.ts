import type { RecordHeader } from '@ks/protocol';
import type { SentRecord } from '../topic/record-types.ts';

/** What is sent together: one record, or the records of one `sendBatch`. */
export interface TracedSend {
  readonly clientId: string;
  readonly topic: string;
  /** 1 for `send`. */
  readonly records: number;
  /** As the caller gave it; of a single record. */
  readonly key: unknown;
  readonly isTombstone: boolean;
  readonly isBatch: boolean;
}

/** A send that is under way. */
export interface SendTrace {
  /** What each record carries so that its readers can be told from what it came. Replaces headers of the same keys. */
  readonly headers: readonly { readonly key: string; readonly value: string }[];
  /** It is over: where the record went (undefined for several), or why not. Called once. */
  end(sent: SentRecord | undefined, error: unknown): void;
}

/** A record as it was read. */
export interface TracedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: unknown;
  readonly value: unknown;
  readonly headers: readonly RecordHeader[];
  readonly valueSizeBytes: number;
}

/** What is worked on together: one record by a handler of `run`, or a batch of `process`. */
export interface TracedProcess {
  readonly clientId: string;
  readonly group: string | undefined;
  readonly records: readonly TracedRecord[];
  readonly isBatch: boolean;
}

/** Follows records from who sends them to who works on them. */
export interface Tracing {
  send(send: TracedSend): SendTrace;
  /** Runs `work`, as what follows from the records. Gives what it gives, or a promise of it; throws what it throws. */
  process<T>(process: TracedProcess, work: () => T): T;
}
