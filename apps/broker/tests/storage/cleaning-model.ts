import { expect } from 'vitest';
import type { SeenRecord } from './cleaning-reader.ts';

export interface ModelRecord {
  readonly key: string;
  readonly value: string | null;
  readonly timestamp: number;
}

type Event =
  | {
      readonly type: 'data';
      readonly baseOffset: number;
      readonly records: readonly ModelRecord[];
      readonly producer: number;
    }
  | { readonly type: 'end'; readonly baseOffset: number; readonly producer: number; readonly commit: boolean };

interface Told extends ModelRecord {
  readonly offset: number;
  readonly fate: 'committed' | 'aborted' | 'open';
}

/** What a compacted log must say, by the plain list of what was appended. Producers from 3 on are transactional. */
export class CleaningModel {
  readonly #deleteRetentionMs: number;
  #events: Event[] = [];
  /** When a tombstone was first cleaned at the latest: until then plus delete.retention.ms it must be there. */
  readonly #mustStayUntilMs = new Map<number, number>();
  #lastCleaningMs = 0;

  constructor(deleteRetentionMs: number) {
    this.#deleteRetentionMs = deleteRetentionMs;
  }

  get endOffset(): number {
    const last = this.#events.at(-1);
    return last === undefined ? 0 : endOf(last);
  }

  nextSequence(producer: number): number {
    return (this.producers().get(producer)?.lastSequence ?? -1) + 1;
  }

  appended(baseOffset: number, records: readonly ModelRecord[], producer: number): void {
    expect(baseOffset).toBe(this.endOffset);
    this.#events.push({ type: 'data', baseOffset, records, producer });
  }

  ended(baseOffset: number, producer: number, commit: boolean): void {
    expect(baseOffset).toBe(this.endOffset);
    this.#events.push({ type: 'end', baseOffset, producer, commit });
  }

  truncatedTo(offset: number): void {
    this.#events = this.#events.filter((event) => endOf(event) <= offset);
    expect(this.endOffset).toBe(offset);
  }

  /** A cleaning that began and ended at these times has gone as far as `cleanedOffset`. */
  cleaned(cleanedOffset: number, beganMs: number, endedMs: number): void {
    this.#lastCleaningMs = endedMs;
    for (const { offset, value } of this.#told()) {
      if (value === null && offset < cleanedOffset && !this.#mustStayUntilMs.has(offset)) {
        this.#mustStayUntilMs.set(offset, beganMs + this.#deleteRetentionMs);
      }
    }
  }

  /** A cleaning was cut short somewhere. */
  maybeCleaned(beganMs: number, endedMs: number): void {
    this.cleaned(this.endOffset, beganMs, endedMs);
  }

  /** Everything that is there was appended so. */
  checkRecords(seen: readonly SeenRecord[]): void {
    const told = new Map(this.#told().map((record) => [record.offset, record]));
    let previous = -1;
    for (const { offset, key, value, timestamp, isControl } of seen) {
      expect(offset).toBeGreaterThan(previous);
      previous = offset;
      if (isControl) continue;
      const record = told.get(offset);
      expect({ offset, key, value, timestamp }).toEqual({
        offset,
        key: record?.key,
        value: record?.value,
        timestamp: record?.timestamp,
      });
    }
  }

  /** Whoever reads the committed records gets to know the last of each key, and nothing that was aborted. */
  checkCommitted(seen: readonly SeenRecord[]): void {
    const told = this.#told();
    const open = told.find(({ fate }) => fate === 'open');
    const stable = told.filter(({ fate, offset }) => fate === 'committed' && offset < (open?.offset ?? Infinity));
    expect(lastValues(seen)).toEqual(lastValues(stable));
    const aborted = new Set(told.filter(({ fate }) => fate === 'aborted').map(({ offset }) => offset));
    expect(seen.filter(({ offset }) => aborted.has(offset))).toEqual([]);
    const seenOffsets = new Set(seen.map(({ offset }) => offset));
    const latest = new Map(stable.map((record) => [record.key, record]));
    for (const { offset, value } of latest.values()) {
      const mustStayUntilMs = this.#mustStayUntilMs.get(offset) ?? Infinity;
      if (value === null && this.#lastCleaningMs < mustStayUntilMs) expect(seenOffsets).toContain(offset);
    }
  }

  /** The cleaned part holds one record of a key, none that was aborted. */
  checkCleaned(seen: readonly SeenRecord[], cleanedOffset: number): void {
    const inCleaned = seen.filter(({ offset, isControl }) => offset < cleanedOffset && !isControl);
    expect(new Set(inCleaned.map(({ key }) => key)).size).toBe(inCleaned.length);
    const fates = new Map(this.#told().map(({ offset, fate }) => [offset, fate]));
    for (const { offset } of inCleaned) expect(fates.get(offset)).toBe('committed');
  }

  /** Producers with data, as the log must know them. */
  producers(): Map<number, { readonly lastSequence: number; readonly transactionFirstOffset: number | undefined }> {
    const producers = new Map<number, { lastSequence: number; transactionFirstOffset: number | undefined }>();
    for (const event of this.#events) {
      if (event.producer === 0) continue;
      const known = producers.get(event.producer);
      if (event.type === 'end') {
        if (known !== undefined) known.transactionFirstOffset = undefined;
        continue;
      }
      const lastSequence = (known?.lastSequence ?? -1) + event.records.length;
      const opens = event.producer >= 3 ? (known?.transactionFirstOffset ?? event.baseOffset) : undefined;
      producers.set(event.producer, { lastSequence, transactionFirstOffset: opens });
    }
    return producers;
  }

  #told(): Told[] {
    const told: { -readonly [Key in keyof Told]: Told[Key] }[] = [];
    const open = new Map<number, { fate: Told['fate'] }[]>();
    for (const event of this.#events) {
      if (event.type === 'end') {
        for (const record of open.get(event.producer) ?? []) record.fate = event.commit ? 'committed' : 'aborted';
        open.delete(event.producer);
        continue;
      }
      const isTransactional = event.producer >= 3;
      for (const [index, record] of event.records.entries()) {
        const fate = isTransactional ? ('open' as const) : ('committed' as const);
        told.push({ ...record, offset: event.baseOffset + index, fate });
        const entry = told.at(-1);
        if (isTransactional && entry !== undefined)
          open.set(event.producer, [...(open.get(event.producer) ?? []), entry]);
      }
    }
    return told;
  }
}

function endOf(event: Event): number {
  return event.baseOffset + (event.type === 'data' ? event.records.length : 1);
}

/** Last value of each key; one that is deleted is as good as one that never was. */
function lastValues(records: readonly { readonly key: string | null; readonly value: string | null }[]) {
  const values = new Map<string | null, string>();
  for (const { key, value } of records) {
    if (value === null) values.delete(key);
    else values.set(key, value);
  }
  return values;
}
