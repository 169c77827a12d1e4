/** The only source of chance. */
export interface Random {
  /** A whole number in [0, bound). */
  int(bound: number): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
  /** A random (version 4) UUID in Kafka's text form: 22 characters of base64url, never one that starts with a dash. */
  uuid(): string;
}
