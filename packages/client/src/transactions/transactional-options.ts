import type { ProducerOptions } from '../producer/producer-options.ts';

/** A producer that writes in transactions: always idempotent, with acks 'all'. */
export interface TransactionalProducerOptions extends Omit<ProducerOptions, 'acks' | 'idempotent'> {
  /** Names the producer over its restarts: the next one with the same name ends what this one left open. */
  readonly transactionalId: string;
  /**
   * How long a transaction may take before the broker aborts it, in milliseconds; the producer does it a tenth earlier. Default 60 000;
   * brokers allow up to 15 minutes.
   */
  readonly transactionTimeoutMs?: number | undefined;
  /** 2 is KIP-890's, which knows late writers by their epoch. Default: what the cluster has finalized. */
  readonly transactionProtocol?: 1 | 2 | undefined;
}
