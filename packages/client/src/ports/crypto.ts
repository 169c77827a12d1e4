/** A hash function by name. */
export type HashName = 'sha256' | 'sha512';

/** What authentication computes with. */
export interface Crypto {
  /** `bytes` random bytes that nobody can guess, as text without commas. */
  randomText(bytes: number): string;
  hash(name: HashName, bytes: Uint8Array): Uint8Array;
  hmac(name: HashName, key: Uint8Array, bytes: Uint8Array): Uint8Array;
  /** PBKDF2 as long as the hash, off this thread. */
  pbkdf2(name: HashName, password: Uint8Array, salt: Uint8Array, iterations: number): Promise<Uint8Array>;
  /** Whether they are the same, in a time that does not tell where they differ. */
  isSame(a: Uint8Array, b: Uint8Array): boolean;
}
