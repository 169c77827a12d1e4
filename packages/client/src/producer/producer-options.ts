import type { CompressionType } from '@ks/protocol';
import type { Partitioner } from './partitioner.ts';

export interface ProducerOptions {
  /** Who must have a record before it counts as sent: every in-sync replica ('all', the default), the leader (1), nobody (0). */
  readonly acks?: 'all' | 0 | 1 | undefined;
  /**
   * Whether brokers keep a batch once that was sent again because its answer was lost (KIP-98). Default: with acks 'all', which it takes.
   */
  readonly idempotent?: boolean | undefined;
  /** How long a batch waits for more records, in milliseconds. Default 0: what is sent in one turn of the event loop goes together. */
  readonly lingerMs?: number | undefined;
  /**
   * The size at which a batch goes out without waiting, before compression. Default 256 KB. Where a topic takes less, its batches are divided
   * and stay smaller.
   */
  readonly batchBytes?: number | undefined;
  /** Default 'none'. */
  readonly compression?: CompressionType | undefined;
  /** Requests under way at one broker. Default 5. Of one partition just as many, five at most, where the producer is idempotent; else one. */
  readonly maxInFlight?: number | undefined;
  /** The largest request, and so the largest record, before compression. Default 1 MB, as brokers take it. */
  readonly maxRequestBytes?: number | undefined;
  /** Default: murmur2 of the key, as Java and kafkajs choose; sticky for records without one. */
  readonly partitioner?: Partitioner | undefined;
  /** How long from `send` until a record that could not be delivered is given up, in milliseconds. Default 120 000. */
  readonly deliveryTimeoutMs?: number | undefined;
  /** How much may wait to be sent; beyond that `send` waits for room. Default 32 MB. */
  readonly maxBufferedBytes?: number | undefined;
}

export interface SendCallOptions {
  /** Stops waiting for metadata or room. A record that is in a batch already is sent all the same. */
  readonly signal?: AbortSignal | undefined;
}
