import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCrypto } from '../adapters/node-crypto.ts';
import type { HashName } from '../ports/crypto.ts';
import { MAX_ITERATIONS, MIN_ITERATIONS, ScramClient } from './scram.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const bytes = (said: string): Uint8Array => Buffer.from(said);
const base64 = (some: Uint8Array): string => Buffer.from(some).toString('base64');

/** The server's side, from RFC 5802. It knows what a broker stores: never the password. */
async function serverOf(hash: HashName, password: string, salt: Uint8Array, iterations: number) {
  const salted = await nodeCrypto.pbkdf2(hash, bytes(password), salt, iterations);
  const stored = nodeCrypto.hash(hash, nodeCrypto.hmac(hash, salted, bytes('Client Key')));
  const serverKey = nodeCrypto.hmac(hash, salted, bytes('Server Key'));
  let heard = '';
  return {
    first(clientFirst: Uint8Array): Uint8Array {
      const bare = text(clientFirst).slice(3);
      const nonce = /r=([^,]*)/.exec(bare)?.[1];
      const said = `r=${nonce}server,s=${base64(salt)},i=${iterations}`;
      heard = `${bare},${said}`;
      return bytes(said);
    },
    /** Undefined where the client does not know the password. */
    final(clientFinal: Uint8Array): Uint8Array | undefined {
      const [, withoutProof, proof] = /^(.*),p=(.*)$/.exec(text(clientFinal)) ?? [];
      const all = bytes(`${heard},${withoutProof}`);
      const signature = nodeCrypto.hmac(hash, stored, all);
      const key = Buffer.from(proof ?? '', 'base64').map((byte, index) => byte ^ (signature[index] ?? 0));
      if (!nodeCrypto.isSame(nodeCrypto.hash(hash, key), stored)) return undefined;
      return bytes(`v=${base64(nodeCrypto.hmac(hash, serverKey, all))}`);
    },
  };
}

describe('SCRAM', () => {
  test('says what RFC 7677 says', async () => {
    const client = new ScramClient('sha256', nodeCrypto, 'user', 'pencil', false, 'rOprNGfwEbeRWgbNEkqO');
    expect(text(client.first())).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
    const final = await client.final(bytes(`r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`));
    expect(text(final)).toBe(`c=biws,r=${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`);
    expect(() => client.verify(bytes('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='))).not.toThrow();
    expect(() => client.verify(bytes('v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='))).toThrow('could not prove');
    expect(() => client.verify(bytes('v='))).toThrow('could not prove');
    expect(() => client.verify(bytes('e=invalid-proof'))).toThrow('invalid-proof');
  });

  test('both sides agree just when both know the password', async () => {
    const word = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<HashName>('sha256', 'sha512'),
        word,
        word,
        word,
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        fc.boolean(),
        async (hash, name, password, other, salt, isToken) => {
          const server = await serverOf(hash, password, salt, MIN_ITERATIONS);
          const run = async (secret: string): Promise<boolean> => {
            const client = new ScramClient(hash, nodeCrypto, name, secret, isToken);
            const answer = server.final(await client.final(server.first(client.first())));
            if (answer !== undefined) client.verify(answer);
            return answer !== undefined;
          };
          expect(await run(password)).toBe(true);
          expect(await run(other)).toBe(other === password);
        },
      ),
      { numRuns: 20 },
    );
  });

  test.each([
    ['another nonce', 'r=other,s=AAAA,i=4096', 'a nonce'],
    ['no nonce of its own', 'r=mine,s=AAAA,i=4096', 'a nonce'],
    ['no salt', 'r=mine+,i=4096', 'salt'],
    ['too few iterations', `r=mine+,s=AAAA,i=${MIN_ITERATIONS - 1}`, 'iterations'],
    ['too many iterations', `r=mine+,s=AAAA,i=${MAX_ITERATIONS + 1}`, 'iterations'],
    ['iterations that are none', 'r=mine+,s=AAAA,i=4096x', 'iterations'],
    ['an extension that must be known', 'm=new,r=mine+,s=AAAA,i=4096', 'extension'],
    ['a refusal', 'e=unknown-user', 'unknown-user'],
    ['too much', `r=mine+${'x'.repeat(70_000)},s=AAAA,i=4096`, 'too long'],
  ])('a broker that answers with %s is not answered', async (_, said, message) => {
    const client = new ScramClient('sha256', nodeCrypto, 'user', 'secret-word', false, 'mine');
    const failed = client.final(bytes(said));
    await expect(failed).rejects.toMatchObject({ name: 'SASL_AUTHENTICATION_FAILED', retriable: false });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.not.toThrow('secret-word');
  });

  test('names with commas and equals signs are escaped', () => {
    const client = new ScramClient('sha256', nodeCrypto, 'a,b=c', 'p', true, 'mine');
    expect(text(client.first())).toBe('n,,n=a=2Cb=3Dc,r=mine,tokenauth=true');
  });
});
