import type { RecordView } from '../records/record-view.ts';
import type { AttributeName, FormatPart, NumberField, TextEncoding } from './format.ts';
import { encodeNumber, type NumberEncoding } from './number-encoding.ts';
import { formatGoTime, formatStrftime } from './time-layout.ts';
import { unpack } from './unpack.ts';

const utf8 = new TextEncoder();
const empty = new Uint8Array(0);
const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** Appends the bytes of `record` by the format to `out`; `iteration` is the number of records written before. */
export function formatRecord(
  parts: readonly FormatPart[],
  record: RecordView,
  iteration: number,
  out: Uint8Array[],
): void {
  for (const part of parts) {
    switch (part.type) {
      case 'literal':
        out.push(part.bytes);
        break;
      case 'text':
        out.push(
          encodeText(part.field === 'topic' ? utf8.encode(record.topic) : (record[part.field] ?? empty), part.encoding),
        );
        break;
      case 'number':
        out.push(encodeDigits(numberOf(part.field, record, iteration), part));
        break;
      case 'timestamp':
        out.push(
          part.layout.type === 'number'
            ? encodeNumber(record.timestampMs, part.layout.encoding)
            : utf8.encode(
                (part.layout.type === 'go' ? formatGoTime : formatStrftime)(record.timestampMs, part.layout.layout),
              ),
        );
        break;
      case 'attribute': {
        const { text, number } = attributeOf(part.name, record.batchAttributes);
        out.push(part.encoding === undefined ? utf8.encode(text) : encodeNumber(number, part.encoding));
        break;
      }
      case 'headers':
        for (const header of record.headers) {
          formatRecord(part.parts, { ...record, key: utf8.encode(header.key), value: header.value }, iteration, out);
        }
        break;
      default:
        part satisfies never;
    }
  }
}

/** A number in its encoding, padded to the digits that the format asks for. */
function encodeDigits(value: number, part: { readonly encoding: NumberEncoding; readonly digits: number }): Uint8Array {
  return part.digits === 0 ? encodeNumber(value, part.encoding) : utf8.encode(String(value).padStart(part.digits, '0'));
}

/** Bytes as a text modifier shows them. `json` and `re` say how to read, so that written text stays as it is. */
export function encodeText(bytes: Uint8Array, encoding: TextEncoding): Uint8Array {
  switch (encoding.type) {
    case 'hex':
      return utf8.encode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex'));
    case 'base64':
      return utf8.encode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'));
    case 'base64raw':
      return utf8.encode(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64').replace(/=+$/, ''),
      );
    case 'unpack':
      return utf8.encode(unpack(bytes, encoding.pattern));
    default:
      return bytes;
  }
}

function numberOf(field: NumberField, record: RecordView, iteration: number): number {
  switch (field) {
    case 'topicLength':
      return utf8.encode(record.topic).length;
    case 'keyLength':
      return record.key?.length ?? 0;
    case 'valueLength':
      return record.value?.length ?? 0;
    case 'headerCount':
      return record.headers.length;
    case 'iteration':
      return iteration;
    default:
      return record[field];
  }
}

/** Bits of the batch's attributes, as rpk names them. */
function attributeOf(name: AttributeName, attributes: number): { readonly text: string; readonly number: number } {
  if (name === 'compression') return { text: compressions[attributes & 7] ?? 'unknown', number: attributes & 7 };
  const bit = name === 'timestamp-type' ? 3 : name === 'transactional-bit' ? 4 : 5;
  const number = (attributes >> bit) & 1;
  const words =
    name === 'timestamp-type'
      ? ['CreateTime', 'LogAppendTime']
      : name === 'transactional-bit'
        ? ['NonTransactional', 'Transactional']
        : ['NonControl', 'Control'];
  return { text: words[number] ?? '', number };
}
