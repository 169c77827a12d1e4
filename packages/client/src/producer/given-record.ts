import type { RecordHeader } from '@ks/protocol';
import { codecs } from '../topic/data-codec.ts';
import type { HeadersInput, SendOptions } from '../topic/record-types.ts';

/** Bytes, or a promise of them where a topic's schema is asynchronous. */
export type Encoded = Uint8Array | null | Promise<Uint8Array | null>;

/** A record as the user gives it, whatever its topic makes of its types. */
export interface GivenRecord extends SendOptions {
  readonly key?: unknown;
  readonly value: unknown;
}

/** A record that only needs a partition and room. */
export interface ReadyRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly RecordHeader[];
  readonly timestamp: number;
  readonly partition: number | undefined;
}

const NO_HEADERS: readonly RecordHeader[] = [];

export function headersOf(given: HeadersInput | undefined): readonly RecordHeader[] {
  if (given === undefined || (isHeaderList(given) && given.length === 0)) return NO_HEADERS;
  const list = isHeaderList(given) ? given : Object.entries(given).map(([key, value]) => ({ key, value }));
  return list.map(({ key, value }) => ({
    key,
    value: typeof value === 'string' ? codecs.string.encode(value) : value,
  }));
}

function isHeaderList(given: HeadersInput): given is Extract<HeadersInput, readonly unknown[]> {
  return Array.isArray(given);
}
