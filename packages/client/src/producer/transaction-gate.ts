import type { KafkaError } from '../kafka-error.ts';
import type { TopicPartition } from '../offsets/list-offsets.ts';

/** What a producer's batches pass on their way out while they are part of a transaction. */
export interface TransactionGate {
  readonly transactionalId: string;
  /** The versions of Produce that belong to the transaction's protocol. */
  readonly produceVersions: { readonly atLeast?: number; readonly atMost?: number };
  /** Why the transaction can only be aborted; nothing is worth sending again then. */
  readonly doom: KafkaError | undefined;
  /** Settles when batches may go to these partitions. */
  admit(partitions: readonly TopicPartition[]): Promise<void>;
  /** A batch was given up. */
  failed(error: KafkaError): void;
}
