import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Crypto, HashName } from '../ports/crypto.ts';

const lengths: Readonly<Record<HashName, number>> = { sha256: 32, sha512: 64 };
const derive = promisify(pbkdf2);

/** OpenSSL, as Node has it. */
export const nodeCrypto: Crypto = {
  randomText: (bytes) => randomBytes(bytes).toString('base64url'),
  hash: (name, bytes) => createHash(name).update(bytes).digest(),
  hmac: (name, key, bytes) => createHmac(name, key).update(bytes).digest(),
  pbkdf2: (name, password, salt, iterations) => derive(password, salt, iterations, lengths[name], name),
  isSame: (a, b) => a.length === b.length && timingSafeEqual(a, b),
};
