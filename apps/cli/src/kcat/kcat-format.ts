import { FormatError } from '../format/format-error.ts';
import type { RecordView } from '../records/record-view.ts';

/** Appends one piece of a record's output. */
type Piece = (record: RecordView, out: Uint8Array[]) => void;

/** How kcat shows null: `NULL` with `-Z`, else nothing. */
export interface KcatFormatOptions {
  readonly showsNull: boolean;
}

const ascii = new TextEncoder();
const NULL_TEXT = ascii.encode('NULL');
const EMPTY = new Uint8Array(0);
const escapes: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '\\': 92 };

/** Parses kcat's format tokens. Throws `FormatError` for a token that kcat does not have. */
export function parseKcatFormat(
  text: string,
  { showsNull }: KcatFormatOptions,
): (record: RecordView, out: Uint8Array[]) => void {
  const pieces: Piece[] = [];
  let literal: number[] = [];
  const endLiteral = (): void => {
    const bytes = Uint8Array.from(literal);
    literal = [];
    if (bytes.length > 0) pieces.push((_, out) => out.push(bytes));
  };
  for (let at = 0; at < text.length; ) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const next = text[at + 1];
    if (character === '%' && next !== '%') {
      endLiteral();
      pieces.push(pieceOf(next, at, showsNull));
      at += 2;
    } else if (character === '%') {
      literal.push(37);
      at += 2;
    } else if (character === '\\') {
      const { byte, length } = escapeAt(text, at + 1);
      literal.push(byte);
      at += 1 + length;
    } else {
      literal.push(...ascii.encode(character));
      at += character.length;
    }
  }
  endLiteral();
  return (record, out) => {
    for (const piece of pieces) piece(record, out);
  };
}

function escapeAt(text: string, at: number): { readonly byte: number; readonly length: number } {
  const hex = /^x([0-9a-fA-F]{1,2})/.exec(text.slice(at));
  if (hex !== null) return { byte: Number.parseInt(hex[1] ?? '', 16), length: hex[0].length };
  const octal = /^[0-7]{1,3}/.exec(text.slice(at));
  if (octal !== null) return { byte: Number.parseInt(octal[0], 8) & 255, length: octal[0].length };
  const letter = text[at] ?? '';
  const byte = escapes[letter];
  if (byte === undefined) throw new FormatError(`unknown escape \\${letter}`, at - 1);
  return { byte, length: 1 };
}

function pieceOf(token: string | undefined, at: number, showsNull: boolean): Piece {
  const shown = (bytes: Uint8Array | null): Uint8Array => {
    const isNothing = bytes === null || bytes.length === 0;
    return isNothing && showsNull ? NULL_TEXT : (bytes ?? EMPTY);
  };
  const text = (of: (record: RecordView) => string | number): Piece => {
    return (record, out) => out.push(ascii.encode(String(of(record))));
  };
  switch (token) {
    case 's':
      return ({ value }, out) => out.push(shown(value));
    case 'k':
      return ({ key }, out) => out.push(shown(key));
    case 'S':
      return text(({ value }) => value?.length ?? -1);
    case 'K':
      return text(({ key }) => key?.length ?? -1);
    case 'R':
      return ({ value }, out) => out.push(big32(value?.length ?? -1));
    case 'T':
      return text(({ timestampMs }) => timestampMs);
    case 't':
      return text(({ topic }) => topic);
    case 'p':
      return text(({ partition }) => partition);
    case 'o':
      return text(({ offset }) => offset);
    case 'h':
      return headers;
    default:
      throw new FormatError(`kcat has no %${token ?? ''}: it has %s %S %R %k %K %T %h %t %p %o`, at);
  }
}

const headers: Piece = ({ headers: all }, out) => {
  all.forEach(({ key, value }, index) => {
    out.push(ascii.encode(`${index === 0 ? '' : ','}${key}=`), value ?? NULL_TEXT);
  });
};

function big32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
}
