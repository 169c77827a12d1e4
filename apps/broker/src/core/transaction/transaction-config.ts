/** Limits and periods of transactions; times in milliseconds. Kafka's names. */
export interface TransactionConfig {
  /** transaction.max.timeout.ms */
  readonly maxTimeoutMs: number;
  /** transactional.id.expiration.ms */
  readonly transactionalIdExpirationMs: number;
}

/** Kafka's defaults. */
export const defaultTransactionConfig: TransactionConfig = {
  maxTimeoutMs: 900_000,
  transactionalIdExpirationMs: 604_800_000,
};
