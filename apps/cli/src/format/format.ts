import type { NumberEncoding } from './number-encoding.ts';

/** Fields of bytes or text: topic, key, value; inside `%h{}` the header's key and value. */
export type TextField = 'topic' | 'key' | 'value';
export type NumberField =
  | 'topicLength'
  | 'keyLength'
  | 'valueLength'
  | 'headerCount'
  | 'partition'
  | 'offset'
  | 'leaderEpoch'
  | 'producerId'
  | 'producerEpoch'
  | 'iteration'
  | 'logStartOffset'
  | 'lastStableOffset'
  | 'highWatermark';
export type AttributeName = 'compression' | 'timestamp-type' | 'transactional-bit' | 'control-bit';
/** How text is shown; `unpack` carries the pattern, `re` (produce only) a regular expression, `json` (produce only) one JSON value. */
export type TextEncoding =
  | { readonly type: 'raw' | 'hex' | 'base64' | 'base64raw' | 'json' }
  | { readonly type: 'unpack'; readonly pattern: string }
  | { readonly type: 're'; readonly expression: string };
export type TimeLayout =
  | { readonly type: 'number'; readonly encoding: NumberEncoding }
  | { readonly type: 'go' | 'strftime'; readonly layout: string };

/** One piece of a format, in order (rpk's `%` verbs). */
export type FormatPart =
  | { readonly type: 'literal'; readonly bytes: Uint8Array }
  | { readonly type: 'text'; readonly field: TextField; readonly encoding: TextEncoding }
  | {
      readonly type: 'number';
      readonly field: NumberField;
      readonly encoding: NumberEncoding;
      /** Exactly so many ASCII digits (`%K{4}`); 0: as many as the number has. */
      readonly digits: number;
    }
  | { readonly type: 'timestamp'; readonly layout: TimeLayout }
  | { readonly type: 'attribute'; readonly name: AttributeName; readonly encoding: NumberEncoding | undefined }
  | { readonly type: 'headers'; readonly parts: readonly FormatPart[] };
