import type { KafkaError } from '../kafka-error.ts';
import type { RecordWaiter } from './record-waiter.ts';

/**
 * Who waits for the records of a batch, in their order: runs of records that one waiter numbers in a row, side by side, since an object for
 * each would cost more than the record.
 */
export class WaiterRuns {
  readonly #waiters: RecordWaiter[] = [];
  readonly #indexes: number[] = [];
  readonly #counts: number[] = [];
  #count = 0;
  #timestamp = -1;
  /** Of each record, once one has another than the first. */
  #timestamps: number[] | undefined;

  /** Of records. */
  get count(): number {
    return this.#count;
  }

  add(timestamp: number, waiter: RecordWaiter, index: number): void {
    if (this.#count === 0) this.#timestamp = timestamp;
    else if (this.#timestamps === undefined && timestamp !== this.#timestamp)
      this.#timestamps = new Array<number>(this.#count).fill(this.#timestamp);
    this.#timestamps?.push(timestamp);
    this.#count += 1;
    const last = this.#waiters.length - 1;
    const count = this.#counts[last] ?? 0;
    if (this.#waiters[last] === waiter && (this.#indexes[last] ?? 0) + count === index) {
      this.#counts[last] = count + 1;
      return;
    }
    this.#waiters.push(waiter);
    this.#indexes.push(index);
    this.#counts.push(1);
  }

  /** Who waits for each record, in order. */
  *each(): Generator<{ readonly waiter: RecordWaiter; readonly index: number }, void, undefined> {
    for (const [run, waiter] of this.#waiters.entries()) {
      const first = this.#indexes[run] ?? 0;
      const end = first + (this.#counts[run] ?? 0);
      for (let index = first; index < end; index += 1) yield { waiter, index };
    }
  }

  /** Tells each its offset, counted from `baseOffset` unless that is -1: nobody knows. */
  succeed(topic: string, partition: number, baseOffset: number, logAppendTimeMs: number): void {
    let at = 0;
    for (const [run, waiter] of this.#waiters.entries()) {
      const first = this.#indexes[run] ?? 0;
      const count = this.#counts[run] ?? 0;
      for (let step = 0; step < count; step += 1, at += 1) {
        const offset = baseOffset < 0 ? -1 : baseOffset + at;
        const timestamp = logAppendTimeMs >= 0 ? logAppendTimeMs : (this.#timestamps?.[at] ?? this.#timestamp);
        waiter.sent(first + step, { topic, partition, offset, timestamp });
      }
    }
  }

  fail(error: KafkaError): void {
    for (const { waiter, index } of this.each()) waiter.failed(index, error);
  }
}
