import type { FormatPart, TextField } from './format.ts';
import { FormatError } from './format-error.ts';

const sizes: Readonly<Record<string, TextField>> = { topicLength: 'topic', keyLength: 'key', valueLength: 'value' };

/**
 * Checks that input can be read by a format: every text has a size before it, says itself where it ends (`{json}`, `{re#..#}`),
 * is followed by a literal, or is last. Throws `FormatError` where it cannot.
 */
export function checkReadable(parts: readonly FormatPart[], inHeaders = false): void {
  const sized = new Set<TextField>();
  let counted = false;
  parts.forEach((part, index) => {
    const next = parts[index + 1];
    const delimited = next?.type === 'literal' || (next === undefined && !inHeaders);
    if (part.type === 'number') {
      const field = sizes[part.field];
      if (field !== undefined) sized.add(field);
      if (part.field === 'headerCount') counted = true;
      if (part.encoding === 'ascii' && part.digits === 0 && !delimited && next !== undefined) {
        throw new FormatError(`a number without a width needs a delimiter behind it, or digits: {4}`, index);
      }
      return;
    }
    if (part.type === 'headers') {
      if (!counted) throw new FormatError('%h{...} needs the number of headers before it: %H', index);
      checkReadable(part.parts, true);
      return;
    }
    if (part.type === 'attribute') throw new FormatError('%a cannot be set by a producer', index);
    if (part.type === 'timestamp' && part.layout.type !== 'number')
      throw new FormatError('%d is read as a number: %d or %d{big64}', index);
    if (part.type !== 'text' || sized.has(part.field)) return;
    if (part.encoding.type === 'json' || part.encoding.type === 're') return;
    if (part.encoding.type === 'unpack') throw new FormatError('{unpack[...]} is for output only', index);
    if (!delimited)
      throw new FormatError(
        `%${part.field[0]} needs a size before it (%${part.field[0]?.toUpperCase()}) or a delimiter behind it`,
        index,
      );
  });
}
