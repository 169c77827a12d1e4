import type { Core } from '@ks/core-wasm';
import { type RecordBatch as Batch, type Codec, decodeControlRecord, RecordBatch, recordBatchesOf } from '@ks/protocol';
import type { SimClock } from '../sim-clock.ts';
import type { Attempt } from './attempt.ts';
import { checkCompacted } from './compacted-records.ts';
import type { History } from './history.ts';
import type { PartitionHistory } from './partition-history.ts';

/** What a reader asked and was told of one partition. */
export interface FetchedRecords {
  /** The broker's process that answered. */
  readonly life: number;
  readonly fetchOffset: number;
  /** Exclusive end of what may be given: the high watermark, or the last stable offset to a reader of committed records. */
  readonly end: number;
  /** What a reader of committed records has to leave out; undefined for one of all. */
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[] | undefined;
  readonly records: Uint8Array | null;
}

export interface FetchCheckTools {
  readonly history: History;
  readonly core: Core;
  readonly codec: Codec;
  readonly clock: SimClock;
}

const PLAIN_BYTES_MAX = 64 * 1024 * 1024;

/** Holds every batch of an answer to what was produced. Gives the offset to go on from. */
export async function checkFetched(
  tools: FetchCheckTools,
  partition: PartitionHistory,
  fetched: FetchedRecords,
): Promise<number> {
  try {
    return await checkBatches(tools, partition, fetched);
  } catch (error) {
    tools.history.violate(`${partition.name}: what was read from ${fetched.fetchOffset} on cannot be read: ${error}`);
    return fetched.fetchOffset;
  }
}

async function checkBatches(
  tools: FetchCheckTools,
  partition: PartitionHistory,
  fetched: FetchedRecords,
): Promise<number> {
  const violate = (what: string) => tools.history.violate(`${partition.name}: ${what}`);
  const filter = fetched.aborted === undefined ? undefined : new AbortedFilter(fetched.aborted);
  const { isCompacted } = partition.traits;
  let expected: number | undefined;
  let epoch = -1;
  for (const batch of recordBatchesOf(fetched.records ?? new Uint8Array(0))) {
    const { baseOffset, lastOffset, leaderEpoch } = batch;
    if (expected === undefined) {
      const isHit = (isCompacted || baseOffset <= fetched.fetchOffset) && fetched.fetchOffset <= lastOffset;
      if (!isHit) violate(`a fetch from ${fetched.fetchOffset} begins with ${baseOffset} to ${lastOffset}`);
    } else if (isCompacted ? baseOffset < expected : baseOffset !== expected)
      violate(`${expected} is followed by ${baseOffset}`);
    if (lastOffset >= fetched.end) {
      const what = fetched.aborted === undefined ? 'high watermark' : 'last stable offset';
      violate(`a reader got ${lastOffset} under the ${what} ${fetched.end}`);
    }
    if (leaderEpoch < epoch) violate(`epoch ${leaderEpoch} at ${baseOffset} comes after ${epoch}`);
    epoch = leaderEpoch;
    expected = lastOffset + 1;
    filter?.pass(batch);
    if (batch.isControl) {
      noteMarker(partition, batch, fetched.life, violate);
      continue;
    }
    const attempt = await identify(tools, partition, batch, violate);
    if (attempt === undefined) continue;
    if (batch.recordsCount < attempt.count) tools.history.count('batches read compacted');
    partition.seen({ baseOffset, lastOffset, leaderEpoch, attempt }, fetched.life);
    const isShown = filter !== undefined && !filter.hides(batch) && lastOffset >= fetched.fetchOffset;
    if (!isShown || attempt.transaction === undefined || partition.isDoomed) continue;
    tools.history.transactions.shows(attempt.transaction, 'commit', `${partition.name} at ${baseOffset}`);
  }
  return expected ?? fetched.fetchOffset;
}

function noteMarker(partition: PartitionHistory, batch: Batch, life: number, violate: (what: string) => void): void {
  const [record] = batch.records(batch.payload);
  const marker = decodeControlRecord(record?.key ?? null, record?.value ?? null);
  if (marker.type !== 'commit' && marker.type !== 'abort') {
    violate(`the control batch at ${batch.baseOffset} is a ${marker.type}`);
    return;
  }
  const { producerId, producerEpoch, baseOffset } = batch;
  partition.seenMarker(baseOffset, { producerId, producerEpoch, type: marker.type }, life);
}

/** Leaves out the batches of aborted transactions, as a consumer does. */
class AbortedFilter {
  readonly #coming: { readonly producerId: number; readonly firstOffset: number }[];
  readonly #aborted = new Set<number>();

  constructor(aborted: readonly { readonly producerId: number; readonly firstOffset: number }[]) {
    this.#coming = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  /** Takes the next batch into account. */
  pass(batch: Batch): void {
    for (let [next] = this.#coming; next !== undefined && next.firstOffset <= batch.lastOffset; [next] = this.#coming) {
      this.#aborted.add(next.producerId);
      this.#coming.shift();
    }
    if (batch.isControl) this.#aborted.delete(batch.producerId);
  }

  hides(batch: Batch): boolean {
    return batch.isTransactional && this.#aborted.has(batch.producerId);
  }
}

/** Finds what the batch was sent as, and compares every byte of its records. */
async function identify(
  { history, core, codec, clock }: FetchCheckTools,
  partition: PartitionHistory,
  batch: Batch,
  violate: (what: string) => void,
): Promise<Attempt | undefined> {
  if (!batch.isCrcValid(core)) {
    violate(`the batch at ${batch.baseOffset} has a bad checksum`);
    return undefined;
  }
  const work = batch.decompress(codec, PLAIN_BYTES_MAX);
  const plain = work instanceof Promise ? await clock.outside(work) : work;
  if (partition.traits.isCompacted) return checkCompacted(history.attempts, partition, batch, plain, violate);
  const [first] = new RecordBatch(batch.bytes).records(plain);
  const id = first?.key == null ? -1 : new DataView(first.key.buffer, first.key.byteOffset).getInt32(0);
  const attempt = history.attempts.get(id);
  if (attempt === undefined) {
    violate(`nobody sent the batch at ${batch.baseOffset}`);
    return undefined;
  }
  const { producerId = -1, producerEpoch = -1, sequence = -1 } = attempt.producer ?? {};
  if (batch.producerId !== producerId || batch.producerEpoch !== producerEpoch || batch.baseSequence !== sequence) {
    violate(`batch ${id} at ${batch.baseOffset} came from producer ${producerId}, not ${batch.producerId}`);
  }
  if (!isSame(attempt.plain, plain)) violate(`the records of batch ${id} at ${batch.baseOffset} are not what was sent`);
  return attempt;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
