import { type CompressionType, compressionTypes, encodePlainRecordBatch, encodeRecordBatch } from '@ks/protocol';
import type { Attempt, AttemptProducer } from '../history/attempt.ts';
import { IDENTITY_HEADER } from '../history/compacted-records.ts';
import type { PartitionHistory } from '../history/partition-history.ts';
import type { Transaction } from '../history/transaction-history.ts';
import type { SeededRandom } from '../prng.ts';
import { choose, pick, type Stage } from './actor.ts';

/** A batch on its way. */
export interface Sending {
  readonly partition: PartitionHistory;
  readonly attempt: Attempt;
  readonly records: Uint8Array;
}

const BATCH_HEADER_BYTES = 61;
/** Keys of a compacted topic's partition. */
const KEYS = 12;

/** Makes a batch with a key that finds its attempt again, and remembers it. */
export async function makeBatch(
  stage: Stage,
  life: number,
  partition: PartitionHistory,
  producer?: AttemptProducer,
  transaction?: Transaction,
): Promise<Sending> {
  const { random, history, core, codec, clock } = stage;
  const id = history.nextAttemptId();
  const { isCompacted } = partition.traits;
  const records = recordsOf(random, id, clock.wallMs(), isCompacted);
  const plain = encodePlainRecordBatch(records, { checksum: core }).subarray(BATCH_HEADER_BYTES);
  const compression = pick<CompressionType>(random, compressionTypes) ?? 'none';
  const sealing = encodeRecordBatch(records, {
    compression,
    codec,
    checksum: core,
    ...(producer === undefined
      ? {}
      : { ...producer, baseSequence: producer.sequence, isTransactional: transaction !== undefined }),
  });
  const bytes = sealing instanceof Promise ? await clock.outside(sealing) : sealing;
  const attempt: Attempt = {
    id,
    target: partition,
    isSentById: true,
    plain,
    count: records.length,
    records,
    timestamps: records.map(({ timestamp }) => timestamp),
    producer,
    transaction,
    life,
    floor: partition.ackedEndOffset,
    status: 'sent',
    baseOffset: -1,
  };
  history.attempts.set(id, attempt);
  return { partition, attempt, records: bytes };
}

/** Mostly few and small records; now and then many, or large ones. */
function recordsOf(random: SeededRandom, id: number, nowMs: number, isCompacted: boolean) {
  const count = choose(random, [
    [6, 1 + random.int(4)],
    [1, 20 + random.int(60)],
  ]);
  const valueBytes = choose(random, [
    [6, random.int(100)],
    [2, random.int(3000)],
    [count > 4 ? 0 : 0.3, 20_000 + random.int(60_000)],
  ]);
  return Array.from({ length: count }, (_, index) => {
    const identity = new Uint8Array(8);
    const view = new DataView(identity.buffer);
    view.setInt32(0, id);
    view.setInt32(4, index);
    // Half of the bytes repeat, so that codecs have something to find.
    const value = new Uint8Array(random.int(valueBytes + 1)).fill(id & 0xff);
    value.set(random.bytes(Math.min(value.length >> 1, 512)));
    const timestamp = nowMs - random.int(1000);
    if (isCompacted) {
      // Few keys, so that there is something to compact; who wrote it stands where a tombstone has it, too.
      const key = Uint8Array.of(random.int(KEYS));
      const headers = [{ key: IDENTITY_HEADER, value: identity }];
      return { timestamp, key, value: random.chance(0.1) ? null : value, headers };
    }
    const headers = random.chance(0.1) ? [{ key: 'h', value: random.bytes(3) }] : [];
    return { timestamp, key: identity, value, headers };
  });
}
