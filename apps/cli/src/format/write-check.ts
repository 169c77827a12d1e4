import type { FormatPart } from './format.ts';
import { FormatError } from './format-error.ts';

/** Bounds of the log that the client does not hand out with its batches yet. */
const unknownBounds: Readonly<Record<string, string>> = {
  logStartOffset: '%[',
  lastStableOffset: '%|',
  highWatermark: '%]',
};

/** Throws a `FormatError` for what parses and cannot be printed. */
export function checkWritable(parts: readonly FormatPart[]): void {
  for (const part of parts) {
    if (part.type === 'headers') checkWritable(part.parts);
    if (part.type !== 'number') continue;
    const verb = unknownBounds[part.field];
    if (verb !== undefined)
      throw new FormatError(`${verb} cannot be printed yet: batches come without their log's bounds`, 0);
  }
}
