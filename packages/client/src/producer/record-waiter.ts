import type { KafkaError } from '../kafka-error.ts';
import type { SentRecord } from '../topic/record-types.ts';

/** Who is told what became of records, each by the number that it gave it. Every record is told once. */
export interface RecordWaiter {
  sent(index: number, record: SentRecord): void;
  failed(index: number, error: KafkaError): void;
}

/** Waits for one record. */
export class OneWaiting implements RecordWaiter {
  readonly settled: Promise<SentRecord>;
  #resolve: (record: SentRecord) => void = () => {};
  #reject: (error: KafkaError) => void = () => {};

  constructor() {
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  sent(_: number, record: SentRecord): void {
    this.#resolve(record);
  }

  failed(_: number, error: KafkaError): void {
    this.#reject(error);
  }
}

/** Waits for many records with one promise: resolves with all of them in their order, rejects with the first error. */
export class ManyWaiting implements RecordWaiter {
  readonly settled: Promise<SentRecord[]>;
  readonly #records: SentRecord[];
  #unsettled: number;
  #resolve: (records: SentRecord[]) => void = () => {};
  #reject: (error: KafkaError) => void = () => {};

  /** `count` records, numbered from 0. */
  constructor(count: number) {
    this.#records = new Array<SentRecord>(count);
    this.#unsettled = count;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  sent(index: number, record: SentRecord): void {
    this.#records[index] = record;
    this.#unsettled -= 1;
    if (this.#unsettled === 0) this.#resolve(this.#records);
  }

  failed(_: number, error: KafkaError): void {
    this.#reject(error);
  }
}
