import type { Crypto, HashName } from '../ports/crypto.ts';
import { authenticationFailed, type SaslMechanism, secretOf } from './sasl-mechanism.ts';
import type { ScramOptions } from './sasl-options.ts';

/** Fewer make guessing cheap (RFC 7677); more would be a way to keep this process busy. */
export const MIN_ITERATIONS = 4096;
export const MAX_ITERATIONS = 1_000_000;

const MAX_MESSAGE_BYTES = 64 * 1024;
const NONCE_BYTES = 24;
/** Base64 of "n,,": no channel binding. */
const NO_BINDING = 'biws';

export const hashOf: Readonly<Record<ScramOptions['mechanism'], HashName>> = {
  'SCRAM-SHA-256': 'sha256',
  'SCRAM-SHA-512': 'sha512',
};

/** RFC 5802 with the hashes of RFC 7677: both sides prove that they know the password. */
export function scram(options: ScramOptions, crypto: Crypto): SaslMechanism {
  const { mechanism, username, password, isDelegationToken = false } = options;
  return {
    name: mechanism,
    prepare: async () => {
      const secret = await secretOf(password, 'password');
      const client = new ScramClient(hashOf[mechanism], crypto, username, secret, isDelegationToken);
      return async (exchange) => {
        const final = await client.final(await exchange(client.first()));
        client.verify(await exchange(final));
      };
    },
  };
}

/** The client's side of one authentication: `first`, `final`, `verify`, each with what the server said to the one before. */
export class ScramClient {
  readonly #hash: HashName;
  readonly #crypto: Crypto;
  readonly #password: string;
  readonly #nonce: string;
  readonly #firstBare: string;
  #serverSignature: Uint8Array | undefined;

  constructor(
    hash: HashName,
    crypto: Crypto,
    username: string,
    password: string,
    isDelegationToken = false,
    nonce = crypto.randomText(NONCE_BYTES),
  ) {
    this.#hash = hash;
    this.#crypto = crypto;
    this.#password = password;
    this.#nonce = nonce;
    const name = username.replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#firstBare = `n=${name},r=${nonce}${isDelegationToken ? ',tokenauth=true' : ''}`;
  }

  first(): Uint8Array {
    return Buffer.from(`n,,${this.#firstBare}`);
  }

  /** Rejects with SASL_AUTHENTICATION_FAILED where the server asks for what a good one would not. */
  async final(serverFirst: Uint8Array): Promise<Uint8Array> {
    const said = textOf(serverFirst);
    const { nonce, salt, iterations } = this.#challengeOf(said);
    const { salted, stored, key } = await this.#keys(salt, iterations);
    const withoutProof = `c=${NO_BINDING},r=${nonce}`;
    const all = Buffer.from(`${this.#firstBare},${said},${withoutProof}`);
    const signature = this.#hmac(stored, all);
    this.#serverSignature = this.#hmac(this.#hmac(salted, Buffer.from('Server Key')), all);
    const proof = Buffer.from(key.map((byte, index) => byte ^ (signature[index] ?? 0)));
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`);
  }

  /** Throws SASL_AUTHENTICATION_FAILED unless the server has proved that it knows the password. */
  verify(serverFinal: Uint8Array): void {
    const attributes = attributesOf(textOf(serverFinal));
    const refusal = attributes.get('e');
    if (refusal !== undefined) throw authenticationFailed(`the broker refuses the name or the password (${refusal})`);
    const proof = Buffer.from(attributes.get('v') ?? '', 'base64');
    const expected = this.#serverSignature;
    if (expected === undefined || !this.#crypto.isSame(proof, expected)) {
      throw authenticationFailed(
        'the broker could not prove that it knows the password: it may not be the one it says',
      );
    }
  }

  #challengeOf(said: string): { readonly nonce: string; readonly salt: Uint8Array; readonly iterations: number } {
    const attributes = attributesOf(said);
    const refusal = attributes.get('e');
    if (refusal !== undefined) throw authenticationFailed(`the broker refuses to authenticate (${refusal})`);
    const nonce = attributes.get('r') ?? '';
    const salt = Buffer.from(attributes.get('s') ?? '', 'base64');
    const iterations = Number(attributes.get('i'));
    if (attributes.has('m')) throw authenticationFailed('the broker wants a SCRAM extension that is not known');
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length)
      throw authenticationFailed('the broker answered with a nonce that is not for this connection');
    if (salt.length === 0) throw authenticationFailed('the broker answered without a salt');
    if (!Number.isInteger(iterations) || iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
      throw authenticationFailed(
        `the broker asks for ${attributes.get('i')} iterations; allowed are ${MIN_ITERATIONS} to ${MAX_ITERATIONS}`,
      );
    }
    return { nonce, salt, iterations };
  }

  async #keys(salt: Uint8Array, iterations: number) {
    const salted = await this.#crypto.pbkdf2(this.#hash, Buffer.from(this.#password), salt, iterations);
    const key = this.#hmac(salted, Buffer.from('Client Key'));
    return { salted, key, stored: this.#crypto.hash(this.#hash, key) };
  }

  #hmac(key: Uint8Array, bytes: Uint8Array): Uint8Array {
    return this.#crypto.hmac(this.#hash, key, bytes);
  }
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length > MAX_MESSAGE_BYTES) throw authenticationFailed('the broker sent too long a SCRAM message');
  return Buffer.from(bytes).toString();
}

/** `a=..,b=..`; the first of each letter counts. */
function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const part of text.split(',')) {
    if (part[1] === '=' && !attributes.has(part.slice(0, 1))) attributes.set(part.slice(0, 1), part.slice(2));
  }
  return attributes;
}
