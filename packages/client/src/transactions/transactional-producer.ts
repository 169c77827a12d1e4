import type { Core } from '@ks/core-wasm';
import type { Codec } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { asKafkaError, ClientErrorCode, KafkaError } from '../kafka-error.ts';
import { raced } from '../network/connection-pool.ts';
import { Producer } from '../producer/producer.ts';
import { OpenTransaction, type Transaction } from './transaction.ts';
import { isFatal } from './transaction-coordinator.ts';
import { TransactionSession } from './transaction-session.ts';
import type { TransactionalProducerOptions } from './transactional-options.ts';

const TRANSACTION_TIMEOUT_MS = 60_000;
/** The producer aborts a little before the broker would: whom the broker ends is fenced. */
const OWN_SHARE = 0.9;

/**
 * Writes in transactions: what one of them sends and commits is there as a whole for readers of committed records, or not at all.
 * A second producer with the same `transactionalId` ends what this one has open, and takes its place.
 */
export class TransactionalProducer {
  readonly #cluster: Cluster;
  readonly #session: TransactionSession;
  readonly #producer: Producer;
  readonly #timeoutMs: number;
  readonly #closed = new AbortController();
  #current: Promise<unknown> | undefined;

  constructor(cluster: Cluster, core: Core, codec: Codec, options: TransactionalProducerOptions) {
    const { transactionalId, transactionTimeoutMs = TRANSACTION_TIMEOUT_MS, transactionProtocol } = options;
    if (transactionalId === '') throw misuse('a transactionalId has at least one character');
    this.#cluster = cluster;
    this.#timeoutMs = transactionTimeoutMs;
    this.#session = new TransactionSession(cluster, {
      transactionalId,
      transactionTimeoutMs,
      protocol: transactionProtocol,
    });
    // A record is worth nothing after its transaction.
    const deliveryTimeoutMs = Math.min(options.deliveryTimeoutMs ?? transactionTimeoutMs, transactionTimeoutMs);
    this.#producer = new Producer(
      cluster,
      core,
      codec,
      { ...options, deliveryTimeoutMs, acks: 'all', idempotent: true },
      this.#session,
    );
  }

  /**
   * Runs `work`, and commits what it sent when it has returned. Where it throws, or a record cannot be delivered, everything is aborted
   * and the error thrown; `tx.signal` fires as soon as it is known that nothing can be committed. One transaction at a time.
   *
   *     const id = await producer.transaction(async (tx) => {
   *       await tx.send(orders, order)
   *       await tx.send(invoices, invoice)
   *       return invoice.id
   *     })
   *
   * Rejects with PRODUCER_FENCED for good when another producer has taken the transactional id or the transaction took longer than
   * `transactionTimeoutMs`; with ABORTED when the signal fired; with CLOSED; with REQUEST_TIMED_OUT where it is not known whether the commit
   * was made; with INVALID_ARGUMENT for a second transaction at once.
   */
  async transaction<T>(
    work: (tx: Transaction) => Promise<T> | T,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
    if (this.#closed.signal.aborted || this.#cluster.isClosed) throw closedError();
    if (this.#current !== undefined) throw misuse('the producer is in a transaction: one at a time');
    const running = this.#run(work, options.signal);
    this.#current = running;
    try {
      return await running;
    } finally {
      this.#current = undefined;
    }
  }

  /** Aborts the transaction that is open, and takes no more. */
  async close(): Promise<void> {
    this.#closed.abort(closedError());
    await this.#current?.catch(() => {});
    await this.#producer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run<T>(work: (tx: Transaction) => Promise<T> | T, signal: AbortSignal | undefined): Promise<T> {
    const tx = new OpenTransaction(this.#producer, this.#session);
    const unlink = linked(tx, signal, this.#closed.signal);
    const timer = this.#cluster.options.clock.setTimer(this.#timeoutMs * OWN_SHARE, () => tx.doom(this.#timedOut()));
    try {
      await this.#session
        .begin(tx.signal, (error) => tx.doom(error))
        .catch((error: unknown) => {
          throw tx.signal.aborted ? tx.signal.reason : error;
        });
      const result = await this.#worked(tx, work);
      await this.#session.end(true);
      return result;
    } finally {
      timer.cancel();
      unlink();
      tx.close();
    }
  }

  /** What `work` gives once all that it sent is delivered; else everything is aborted. */
  async #worked<T>(tx: OpenTransaction, work: (tx: Transaction) => Promise<T> | T): Promise<T> {
    try {
      const result = await racedWithDoom(Promise.resolve(work(tx)), tx);
      tx.close();
      await racedWithDoom(tx.settled(), tx);
      return result;
    } catch (error) {
      tx.doom(asKafkaError(error));
      await this.#producer.abandon(asKafkaError(error));
      await this.#session.end(false).catch((failure: unknown) => {
        // Whom the broker ended first, for the same reason, is told the reason; the next transaction is told the rest.
        if (asKafkaError(error).code === ClientErrorCode.TIMED_OUT) throw error;
        throw isFatal(asKafkaError(failure)) ? withCause(asKafkaError(failure), error) : error;
      });
      throw error;
    }
  }

  #timedOut(): KafkaError {
    const message = `the transaction took longer than transactionTimeoutMs (${this.#timeoutMs}): do less in one, or raise it`;
    return new KafkaError(ClientErrorCode.TIMED_OUT, message);
  }
}

/** Waits for `promise`, or for the transaction's doom. */
async function racedWithDoom<T>(promise: Promise<T>, tx: OpenTransaction): Promise<T> {
  try {
    return await raced(promise, tx.signal);
  } catch (error) {
    throw tx.signal.aborted && isAbort(error) ? tx.signal.reason : error;
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof KafkaError && error.code === ClientErrorCode.ABORTED;
}

/** Dooms the transaction when the caller's signal fires or the producer is closed. */
function linked(tx: OpenTransaction, signal: AbortSignal | undefined, closed: AbortSignal): () => void {
  const onAbort = (): void =>
    tx.doom(new KafkaError(ClientErrorCode.ABORTED, 'the transaction was aborted', { cause: signal?.reason }));
  const onClosed = (): void => tx.doom(closedError());
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort);
  closed.addEventListener('abort', onClosed);
  return () => {
    signal?.removeEventListener('abort', onAbort);
    closed.removeEventListener('abort', onClosed);
  };
}

function withCause(error: KafkaError, cause: unknown): KafkaError {
  return new KafkaError(error.code, error.message, { ...error, cause });
}

function misuse(message: string): KafkaError {
  return new KafkaError(ClientErrorCode.INVALID_ARGUMENT, message);
}

function closedError(): KafkaError {
  return new KafkaError(ClientErrorCode.CLOSED, 'the producer was closed');
}
