import { ErrorCode } from '@ks/protocol';
import type { ProducerBatch } from './producer-batch.ts';
import {
  type AppendedBatch,
  baseSequenceOf,
  lastSequenceOf,
  NO_PRODUCER_EPOCH,
  type ProducerEntry,
} from './producer-entry.ts';
import { isNextSequence, sequenceAfter } from './producer-sequence.ts';

/** Leave that a coordinator gave to begin a transaction on a partition; see `ProducerState.startVerification`. */
export interface TransactionVerification {
  readonly producerId: number;
  /** Lowest sequence among the batches that asked for it: none above it may come first. */
  readonly lowestSequence: number;
  readonly producerEpoch: number;
  /** Whether the producer's epoch rises with every transaction (transaction version 2, KIP-890). */
  readonly supportsEpochBump: boolean;
}

/** What is known when a batch comes in. */
export interface ProducerContext {
  readonly entry: ProducerEntry | undefined;
  /** The verification under way for the producer, where there is one. */
  readonly verification: TransactionVerification | undefined;
}

/** What becomes of a batch: nothing stands against it (undefined), it is there already, or it is refused. */
export type ProducerVerdict =
  | undefined
  | { readonly type: 'duplicate'; readonly batch: AppendedBatch }
  | { readonly type: 'refused'; readonly errorCode: number; readonly message: string };

/**
 * A client's batch against what the partition knows of its producer (KIP-98, KIP-360): the sequence must continue the epoch's last
 * one, or start at 0 with a new epoch; one of the last five is a repetition. A producer that nothing is known of may start anywhere.
 */
export function judgeData(batch: ProducerBatch, { entry, verification }: ProducerContext): ProducerVerdict {
  const duplicate = entry === undefined ? undefined : findDuplicate(batch, entry);
  if (duplicate !== undefined) return { type: 'duplicate', batch: duplicate };
  const fenced = judgeEpoch(batch, entry);
  if (fenced !== undefined) return fenced;
  if (!batch.isTransactional && entry?.transactionFirstOffset !== undefined) {
    return refuse(ErrorCode.INVALID_TXN_STATE, batch, 'expected transactional records: its transaction is still open');
  }
  return judgeVerified(batch, entry, verification) ?? judgeSequence(batch, entry);
}

/**
 * A transaction marker: neither its producer nor its coordinator may have been succeeded. With transaction version 2 its epoch must
 * be above that of the open transaction it ends (KIP-1228); a repetition finds nothing open and passes.
 */
export function judgeMarker(
  batch: ProducerBatch,
  entry: ProducerEntry | undefined,
  transactionVersion: number,
): ProducerVerdict {
  if (batch.marker === undefined) throw new Error('not a transaction marker');
  const fenced = judgeEpoch(batch, entry);
  if (fenced !== undefined || entry === undefined) return fenced;
  const isOpen = entry.transactionFirstOffset !== undefined;
  if (transactionVersion >= 2 && isOpen && batch.producerEpoch <= entry.producerEpoch) {
    return refuse(ErrorCode.INVALID_PRODUCER_EPOCH, batch, `a marker above epoch ${entry.producerEpoch} was due`);
  }
  if (batch.marker.coordinatorEpoch < entry.coordinatorEpoch) {
    const message = `coordinator epoch ${batch.marker.coordinatorEpoch} is below ${entry.coordinatorEpoch}`;
    return refuse(ErrorCode.TRANSACTION_COORDINATOR_FENCED, batch, message);
  }
  return undefined;
}

/** The batch of the current epoch that has exactly these sequence numbers. */
function findDuplicate(batch: ProducerBatch, entry: ProducerEntry): AppendedBatch | undefined {
  if (batch.producerEpoch !== entry.producerEpoch) return undefined;
  const lastSequence = sequenceAfter(batch.baseSequence, batch.lastOffsetDelta);
  for (const appended of entry.batches) {
    if (appended.lastSequence === lastSequence && baseSequenceOf(appended) === batch.baseSequence) return appended;
  }
  return undefined;
}

function judgeEpoch(batch: ProducerBatch, entry: ProducerEntry | undefined): ProducerVerdict {
  if (entry === undefined || batch.producerEpoch >= entry.producerEpoch) return undefined;
  return refuse(ErrorCode.INVALID_PRODUCER_EPOCH, batch, `its epoch is below the last seen, ${entry.producerEpoch}`);
}

function judgeVerified(
  batch: ProducerBatch,
  entry: ProducerEntry | undefined,
  verification: TransactionVerification | undefined,
): ProducerVerdict {
  if (verification === undefined) return undefined;
  const first = batch.baseSequence;
  if (verification.supportsEpochBump && first !== 0 && entry === undefined) {
    return refuse(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, batch, `sequence ${first} where nothing is known: 0 was due`);
  }
  if (first > verification.lowestSequence) {
    const message = `sequence ${first} came before ${verification.lowestSequence}, which is being verified`;
    return refuse(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, batch, message);
  }
  return undefined;
}

function judgeSequence(batch: ProducerBatch, entry: ProducerEntry | undefined): ProducerVerdict {
  if (entry === undefined || entry.producerEpoch === NO_PRODUCER_EPOCH) return undefined;
  const first = batch.baseSequence;
  if (batch.producerEpoch !== entry.producerEpoch) {
    if (first === 0) return undefined;
    return refuse(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, batch, `sequence ${first} begins a new epoch: 0 was due`);
  }
  const last = lastSequenceOf(entry);
  if (isNextSequence(last, first)) return undefined;
  return refuse(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, batch, `sequence ${first} follows ${last}`);
}

function refuse(errorCode: number, { producerId, producerEpoch }: ProducerBatch, what: string): ProducerVerdict {
  return { type: 'refused', errorCode, message: `Producer ${producerId} of epoch ${producerEpoch}: ${what}.` };
}
