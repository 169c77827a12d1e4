import { readFileSync } from 'node:fs';
import { Writer } from '@platformatic/kafka';
import { CLIENT_ID, CORRELATION_ID } from './fixtures.ts';

/** A whole frame of a flexible request, built as the library's connection builds it before writing to its socket. */
export function frame(apiKey: number, version: number, payload: Writer): Buffer {
  return Writer.create()
    .appendInt16(apiKey)
    .appendInt16(version)
    .appendInt32(CORRELATION_ID)
    .appendString(CLIENT_ID, false)
    .appendTaggedFields()
    .appendFrom(payload)
    .prependLength().buffer;
}

const manifest: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.resolve('@platformatic/kafka')), 'utf8'),
);

/** Exact version of the installed library. */
export const platformaticVersion = manifest.version;
