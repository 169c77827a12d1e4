/**
 * One transaction.
 * - `open`: its producer has not asked for its end. `committing`: it has asked for a commit, without an answer.
 * - `committed`: the commit was acknowledged. `aborted`: an abort was asked for, or the producer began anew: it cannot be committed.
 */
export interface Transaction {
  readonly id: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  /** Power cuts before it began. */
  readonly cutCount: number;
  /** Whether all that it has touched is on disk before it is acknowledged. */
  isLasting: boolean;
  state: 'open' | 'committing' | 'committed' | 'aborted';
  /** What readers or markers have shown of one that is `committing`. */
  shown: 'commit' | 'abort' | undefined;
}

/** A marker as a reader found it. */
export interface SeenMarker {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly type: 'commit' | 'abort';
}

/** All transactions of a world. Each ends in one way, everywhere. */
export class TransactionHistory {
  readonly #violate: (what: string) => void;
  #count = 0;
  #cutCount = 0;
  /** The newest epoch that each producer id was given out with, and to whom. */
  readonly #issued = new Map<number, { readonly transactionalId: string; readonly producerEpoch: number }>();

  constructor(violate: (what: string) => void) {
    this.#violate = violate;
  }

  /** A power cut may take a part of what was written, its end included, where that was not flushed. */
  powerCut(): void {
    this.#cutCount += 1;
  }

  /** Whether a power cut may have kept a transaction, or any of all, from its end. */
  isLeft(transaction?: Transaction): boolean {
    if (transaction?.isLasting === true) return false;
    return (transaction?.cutCount ?? 0) < this.#cutCount;
  }

  /** The coordinator gave out a producer id and epoch: nobody may ever get them again, whatever happens to the machine. */
  issued(transactionalId: string, producerId: number, producerEpoch: number): void {
    const last = this.#issued.get(producerId);
    if (last !== undefined && (last.transactionalId !== transactionalId || last.producerEpoch >= producerEpoch)) {
      const before = `after epoch ${last.producerEpoch} to ${last.transactionalId}`;
      this.#violate(`${transactionalId} is given epoch ${producerEpoch} of producer ${producerId}, ${before}`);
    }
    this.#issued.set(producerId, { transactionalId, producerEpoch });
  }

  begin(producerId: number, producerEpoch: number): Transaction {
    this.#count += 1;
    const { id, cutCount } = { id: this.#count, cutCount: this.#cutCount };
    return { id, producerId, producerEpoch, cutCount, isLasting: true, state: 'open', shown: undefined };
  }

  /** A reader of committed records got one of it, or a marker ended it somewhere. */
  shows(transaction: Transaction, end: 'commit' | 'abort', where: string): void {
    if (this.isLeft(transaction)) return;
    const { id, state, shown } = transaction;
    const isWrong = end === 'commit' ? state === 'open' || state === 'aborted' : state === 'committed';
    if (isWrong)
      this.#violate(`${where}: transaction ${id}, which is ${state}, shows a${end === 'commit' ? '' : 'n'} ${end}`);
    else if (shown !== undefined && shown !== end)
      this.#violate(`${where}: transaction ${id} shows a ${end}, elsewhere not`);
    if (end === 'commit' || state === 'committing') transaction.shown = end;
  }
}
