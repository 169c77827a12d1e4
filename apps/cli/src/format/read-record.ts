import type { ProduceRecord } from '../input/produce-record.ts';
import type { HeaderView } from '../records/record-view.ts';
import type { FormatPart, TextEncoding, TextField } from './format.ts';
import { FormatError } from './format-error.ts';
import { jsonEnd } from './json-end.ts';
import { decodeNumber, encodedLength, type NumberEncoding } from './number-encoding.ts';

/** The bytes seen so far end inside the record: read more and start it again. */
export const needMore = Symbol('need more');

interface Fields {
  topic?: Uint8Array;
  partition?: number;
  timestamp?: number;
  key: Uint8Array | null;
  value: Uint8Array | null;
  headers: HeaderView[];
}

interface Input {
  readonly bytes: Uint8Array;
  readonly final: boolean;
  at: number;
}

class NeedMore extends Error {}

/**
 * Reads one record by a format (checked by `checkReadable`) from `bytes` at `from`. `final` says that no more bytes follow.
 * Returns the record and the position behind it, or `needMore`. Throws `FormatError` where the input does not follow the format.
 */
export function readRecord(
  parts: readonly FormatPart[],
  bytes: Uint8Array,
  from: number,
  final: boolean,
): { readonly record: ProduceRecord; readonly next: number } | typeof needMore {
  const input: Input = { bytes, final, at: from };
  const fields: Fields = { key: null, value: null, headers: [] };
  try {
    readParts(parts, input, fields, true);
  } catch (error) {
    if (error instanceof NeedMore) return needMore;
    throw error;
  }
  const { topic, partition, timestamp, key, value, headers } = fields;
  return {
    next: input.at,
    record: {
      ...(topic === undefined ? {} : { topic: new TextDecoder().decode(topic) }),
      ...(partition === undefined ? {} : { partition }),
      ...(timestamp === undefined ? {} : { timestamp }),
      key,
      value,
      headers,
    },
  };
}

function readParts(parts: readonly FormatPart[], input: Input, fields: Fields, outermost: boolean): void {
  const sizes = new Map<TextField, number>();
  let headerCount = 0;
  parts.forEach((part, index) => {
    const next = parts[index + 1];
    const delimiter = next?.type === 'literal' ? next.bytes : undefined;
    switch (part.type) {
      case 'literal':
        readLiteral(part.bytes, input, outermost && index === parts.length - 1);
        break;
      case 'number': {
        const value = readNumber(input, part.encoding, part.digits, delimiter);
        if (part.field === 'topicLength') sizes.set('topic', value);
        else if (part.field === 'keyLength') sizes.set('key', value);
        else if (part.field === 'valueLength') sizes.set('value', value);
        else if (part.field === 'headerCount') headerCount = value;
        else if (part.field === 'partition') fields.partition = value;
        break;
      }
      case 'timestamp':
        if (part.layout.type === 'number') fields.timestamp = readNumber(input, part.layout.encoding, 0, delimiter);
        break;
      case 'text':
        fields[part.field] = readText(input, part.encoding, sizes.get(part.field), delimiter);
        break;
      case 'headers':
        for (let count = 0; count < headerCount; count++) fields.headers.push(readHeader(part.parts, input));
        break;
      case 'attribute':
        break;
      default:
        part satisfies never;
    }
  });
}

function readHeader(parts: readonly FormatPart[], input: Input): HeaderView {
  const fields: Fields = { key: null, value: null, headers: [] };
  readParts(parts, input, fields, false);
  return { key: new TextDecoder().decode(fields.key ?? new Uint8Array(0)), value: fields.value };
}

function take(input: Input, length: number): Uint8Array {
  if (input.at + length > input.bytes.length) {
    if (!input.final) throw new NeedMore();
    throw new FormatError(
      `the input ends ${input.at + length - input.bytes.length} bytes before the record does`,
      input.at,
    );
  }
  const taken = input.bytes.subarray(input.at, input.at + length);
  input.at += length;
  return taken;
}

function readLiteral(literal: Uint8Array, input: Input, last: boolean): void {
  // The last line of a file often has no newline.
  if (last && input.final && input.at === input.bytes.length) return;
  const found = take(input, literal.length);
  if (!found.every((byte, index) => byte === literal[index])) {
    throw new FormatError(
      `expected ${JSON.stringify(new TextDecoder().decode(literal))}, found ${JSON.stringify(new TextDecoder().decode(found))}`,
      input.at,
    );
  }
}

function indexOf(bytes: Uint8Array, literal: Uint8Array, from: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(literal, from);
}

function upTo(input: Input, delimiter: Uint8Array | undefined): Uint8Array {
  const end = delimiter === undefined ? -1 : indexOf(input.bytes, delimiter, input.at);
  if (end < 0 && !input.final) throw new NeedMore();
  return take(input, (end < 0 ? input.bytes.length : end) - input.at);
}

function readNumber(input: Input, encoding: NumberEncoding, digits: number, delimiter: Uint8Array | undefined): number {
  const length = digits > 0 ? digits : encodedLength(encoding);
  const bytes = length === undefined ? upTo(input, delimiter) : take(input, length);
  const value = decodeNumber(bytes, encoding);
  if (value === undefined)
    throw new FormatError(`${JSON.stringify(new TextDecoder().decode(bytes))} is no ${encoding} number`, input.at);
  return value;
}

function readText(
  input: Input,
  encoding: TextEncoding,
  size: number | undefined,
  delimiter: Uint8Array | undefined,
): Uint8Array {
  if (size !== undefined) return decodeText(take(input, size), encoding, input.at);
  if (encoding.type === 'json') {
    const end = jsonEnd(input.bytes, input.at, input.final);
    if (end < 0 && !input.final) throw new NeedMore();
    if (end < 0) throw new FormatError('the input ends inside a JSON value', input.at);
    return decodeText(take(input, end - input.at), encoding, input.at);
  }
  if (encoding.type === 're') return readExpression(input, encoding.expression);
  return decodeText(upTo(input, delimiter), encoding, input.at);
}

function readExpression(input: Input, expression: string): Uint8Array {
  // latin1 keeps one character a byte, so that what matched is what is taken.
  const text = new TextDecoder('latin1').decode(input.bytes.subarray(input.at));
  const match = new RegExp(expression, 'y').exec(text);
  const touchesEnd = match !== null && match[0].length === text.length;
  if ((match === null || touchesEnd) && !input.final) throw new NeedMore();
  if (match === null) throw new FormatError(`the input does not match ${expression}`, input.at);
  return take(input, match[0].length);
}

function decodeText(bytes: Uint8Array, encoding: TextEncoding, at: number): Uint8Array {
  if (encoding.type === 'json') {
    try {
      JSON.parse(new TextDecoder().decode(bytes));
    } catch (error) {
      throw new FormatError(`not JSON: ${error instanceof Error ? error.message : String(error)}`, at);
    }
    return bytes;
  }
  if (encoding.type !== 'hex' && encoding.type !== 'base64' && encoding.type !== 'base64raw') return bytes;
  const text = new TextDecoder('latin1').decode(bytes);
  const legal = encoding.type === 'hex' ? /^(?:[0-9a-fA-F]{2})*$/ : /^[A-Za-z0-9+/]*={0,2}$/;
  if (!legal.test(text)) throw new FormatError(`${JSON.stringify(text)} is not ${encoding.type}`, at);
  return Uint8Array.from(Buffer.from(text, encoding.type === 'hex' ? 'hex' : 'base64'));
}
