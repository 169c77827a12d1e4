import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type { Random } from '../ports/random.ts';

/** Kafka's form of a random UUID. Those with a leading dash are thrown away: a command line would take them for a flag. */
function uuid(): string {
  for (;;) {
    const text = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
    if (!text.startsWith('-')) return text;
  }
}

/** The operating system's randomness. */
export function createNodeRandom(): Random {
  return { int: (bound) => randomInt(bound), bytes: (length) => randomBytes(length), uuid };
}
