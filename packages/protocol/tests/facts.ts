import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The protocol's facts as data, beside the checkout where they are present (CI has them). */
const folder = fileURLToPath(new URL('../../../../shared/kafka/', import.meta.url));

export const haveFacts = existsSync(folder);

/** One file of the facts. */
export function facts<T>(name: string): T {
  return JSON.parse(readFileSync(`${folder}${name}`, 'utf8'));
}
