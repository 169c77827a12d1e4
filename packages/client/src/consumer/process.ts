import { ErrorCode } from '@ks/protocol';
import type { Cluster } from '../cluster.ts';
import { KafkaError } from '../kafka-error.ts';
import { backoffMs } from '../retry-policy.ts';
import type { Transaction } from '../transactions/transaction.ts';
import type { TransactionalProducer } from '../transactions/transactional-producer.ts';
import type { AnyTopic } from '../topic/topic.ts';
import type { PartitionOffset, RawBatch } from './consumer-options.ts';
import { Aside } from './dead-letters.ts';
import type { GroupSession } from './group-session.ts';
import type { PartitionReader } from './partition-reader.ts';
import type { TopicSelection } from './read-arguments.ts';
import type { Reading, TakenBatch } from './reading.ts';
import { type AnyRecord, type OnInvalid, RecordDecoder } from './typed-record.ts';

export interface ProcessOptions {
  /** Whose transactions are used. Of no use to anyone else meanwhile. */
  readonly producer: TransactionalProducer;
  /** The most records that one transaction is made of; a single larger batch goes whole. Default 1000. */
  readonly maxRecords?: number | undefined;
  /** As for `read`; what goes to the dead letter topic is part of the transaction. */
  readonly onInvalid?: OnInvalid | undefined;
  readonly deadLetter?: AnyTopic | string | undefined;
  /** Ends it with ABORTED; the transaction under way is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** The records of one transaction, of one partition or several, each partition's in order. */
export interface ProcessBatch<T> extends Iterable<T> {
  /** What the transaction commits: the offset of the next record of each partition. */
  readonly offsets: readonly PartitionOffset[];
  /** The stored batches that the records lie in. */
  readonly batches: readonly RawBatch[];
}

export interface ProcessParts {
  readonly cluster: Cluster;
  readonly reader: PartitionReader;
  readonly session: GroupSession;
  readonly topics: TopicSelection;
  readonly group: string;
}

type Work = (batch: ProcessBatch<AnyRecord>, tx: Transaction) => unknown;

/** Reads, works and writes, transaction after transaction, until the reading is over. */
export async function processAll(
  parts: ProcessParts,
  options: ProcessOptions,
  reading: Reading,
  work: Work,
): Promise<void> {
  const { cluster, reader, session } = parts;
  for (let failures = 0; ; ) {
    const taken = await reader.takeMany(reading, options.maxRecords ?? 1000);
    if (taken.length === 0) return;
    for (const { state } of taken) session.inHand.leave(state);
    try {
      const offsets = await processOne(parts, options, taken, work);
      for (const { state, offset } of offsets) state.advanceTo(offset);
      for (const one of taken) reader.handedOut(one);
      failures = 0;
      reader.wake();
    } catch (error) {
      await session.rewind().catch(() => undefined);
      if (!isPassing(error) || options.signal?.aborted === true) throw error;
      failures += 1;
      await cluster.pause(backoffMs(cluster.options.retry, failures, cluster.options.random), options.signal);
    } finally {
      for (const { state } of taken) session.inHand.back(state);
    }
    await session.settled();
  }
}

/** One transaction. */
async function processOne(parts: ProcessParts, options: ProcessOptions, taken: readonly TakenBatch[], work: Work) {
  const { reader, session, topics } = parts;
  const opened = await Promise.all(
    taken.map(async (one) => ({
      ...one,
      firstOffset: one.state.position,
      plain: await reader.opener.open(one.state, one.batch),
    })),
  );
  const ends = new Map(opened.map(({ state, batch, stopOffset }) => [state, Math.min(batch.nextOffset, stopOffset)]));
  const offsets = [...ends].map(([state, offset]) => ({ state, offset }));
  const { onInvalid = 'throw', deadLetter, producer, signal } = options;
  await producer.transaction(
    async (tx) => {
      const aside = new Aside(() => tx, parts.group);
      const bury = deadLetter === undefined ? undefined : aside.buryIn(deadLetter);
      const decoder = new RecordDecoder(topics, onInvalid, bury);
      const decoded: AnyRecord[][] = [];
      for (const one of opened) decoded.push(await decodedRecords(reader, decoder, one));
      const batch: ProcessBatch<AnyRecord> = {
        offsets: offsets.map(({ state: { topic, partition }, offset }) => ({ topic, partition, offset })),
        batches: opened.map(({ state: { topic, partition }, batch, firstOffset }) => ({
          topic,
          partition,
          batch,
          firstOffset,
        })),
        *[Symbol.iterator]() {
          for (const records of decoded) yield* records;
        },
      };
      const { tracing, clientId } = parts.cluster.options;
      const traced = { clientId, group: parts.group, isBatch: true };
      if (tracing === undefined) await work(batch, tx);
      else await tracing.process({ ...traced, records: decoded.flat() }, () => work(batch, tx));
      if (taken.some(({ state, generation }) => state.generation !== generation)) throw lost(taken);
      await tx.commitOffsets(
        session,
        offsets.map(({ state: { topic, partition }, offset }) => ({ topic, partition, offset })),
      );
    },
    { signal },
  );
  return offsets;
}

async function decodedRecords(
  reader: PartitionReader,
  decoder: RecordDecoder,
  {
    state,
    batch,
    stopOffset,
    firstOffset,
    plain,
  }: TakenBatch & { readonly firstOffset: number; readonly plain: Uint8Array },
): Promise<AnyRecord[]> {
  const records: AnyRecord[] = [];
  for (const record of reader.opener.records(state, batch, plain)) {
    if (record.offset < firstOffset) continue;
    if (record.offset >= stopOffset) break;
    const shown = decoder.decode(state, record);
    const settled = shown instanceof Promise ? await shown : shown;
    if (settled !== undefined) records.push(settled);
  }
  return records;
}

/** Whether the next transaction may go through, after everything of this one was undone. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof KafkaError)) return false;
  return (
    error.retriable || error.code === ErrorCode.TRANSACTION_ABORTABLE || error.code === ErrorCode.REQUEST_TIMED_OUT
  );
}

function lost(taken: readonly TakenBatch[]): KafkaError {
  const gone = taken.find(({ state, generation }) => state.generation !== generation)?.state;
  const message = `${gone?.topic}-${gone?.partition} went to another member while it was worked on: the transaction was aborted`;
  return new KafkaError(ErrorCode.ILLEGAL_GENERATION, message, { topic: gone?.topic, partition: gone?.partition });
}
