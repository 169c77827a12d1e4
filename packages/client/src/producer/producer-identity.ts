import { ErrorCode, InitProducerId } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { errorFromCode } from '../kafka-error.ts';

/** What brokers tell a producer's batches by, so that one that comes twice is kept once (KIP-98). */
export interface ProducerId {
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** Whose batches a producer sends. */
export interface ProducerIdentity {
  /** The id that the next batch goes by, where it is known. */
  readonly current: ProducerId | undefined;
  /** The id that the next batch goes by. */
  get(): Promise<ProducerId>;
  /** Brokers have lost track of `lost`, or a batch of it is missing: the next batch goes by another id where that is possible. */
  renew(lost: ProducerId): void;
}

/** A producer's id, asked for at first use, and anew where brokers lost track of the one before. */
export class IdempotentIdentity implements ProducerIdentity {
  readonly #cluster: Cluster;
  #current: Promise<ProducerId> | undefined;
  #known: ProducerId | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  get current(): ProducerId | undefined {
    return this.#current === undefined ? undefined : this.#known;
  }

  /** Rejects with CLUSTER_AUTHORIZATION_FAILED, or UNSUPPORTED_VERSION where brokers are too old; a later call asks again. */
  get(): Promise<ProducerId> {
    if (this.#current === undefined) {
      const asked = this.#ask();
      this.#current = asked;
      asked.catch(() => {
        if (this.#current === asked) this.#current = undefined;
      });
    }
    return this.#current;
  }

  /** Unless that has happened already since `lost`. */
  renew(lost: ProducerId): void {
    if (this.#known !== lost) return;
    this.#current = undefined;
    this.#known = undefined;
  }

  async #ask(): Promise<ProducerId> {
    // The timeout is for transactions, which this producer has none of.
    const body = { transactionalId: null, transactionTimeoutMs: 0 };
    const answer = await this.#cluster.callAny(InitProducerId, body);
    if (answer.errorCode !== ErrorCode.NONE) throw errorFromCode(answer.errorCode, undefined, {});
    this.#known = { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
    return this.#known;
  }
}

/** A batch's place among those of its producer in its partition. */
export interface BatchSequence {
  readonly id: ProducerId;
  readonly baseSequence: number;
}

/** Sequence numbers begin again behind the largest int32. */
const SEQUENCES = 2 ** 31;

/** The sequence number of the record that comes `count` after one. */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) % SEQUENCES;
}

/** Numbers the batches of one partition. */
export class SequenceCounter {
  #id: ProducerId | undefined;
  #next = 0;

  /** The sequence of a batch of `recordsCount` records; the first under another id is 0. */
  take(id: ProducerId, recordsCount: number): BatchSequence {
    if (this.#id !== id) {
      this.#id = id;
      this.#next = 0;
    }
    const baseSequence = this.#next;
    this.#next = sequenceAfter(this.#next, recordsCount);
    return { id, baseSequence };
  }
}
