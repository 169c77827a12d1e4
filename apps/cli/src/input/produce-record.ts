import type { HeaderView } from '../records/record-view.ts';

/** A record as read from an input, before flags fill what it leaves out. */
export interface ProduceRecord {
  readonly topic?: string;
  readonly partition?: number;
  /** Milliseconds since the Unix epoch. */
  readonly timestamp?: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly HeaderView[];
}
