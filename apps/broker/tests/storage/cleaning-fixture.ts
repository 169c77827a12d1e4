import { encodeEndTransactionMarker, encodeRecordBatch, type CompressionType, createCodec } from '@ks/protocol';
import type { Log } from '../../src/storage/log.ts';
import type { CleanerResources, CleaningResult } from '../../src/storage/cleaner-run.ts';
import { checksum, type TestEnvironment } from './log-fixture.ts';

export const START_MS = 1_700_000_000_000;
const text = new TextEncoder();
const codec = createCodec(checksum);

/** A record of a keyed batch: no value is a tombstone, no key what must not be. */
export interface KeyedRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp?: number;
}

export interface KeyedBatchOptions {
  readonly compression?: CompressionType;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly isTransactional?: boolean;
}

export async function keyedBatch(
  records: readonly KeyedRecord[],
  options: KeyedBatchOptions = {},
): Promise<Uint8Array> {
  return encodeRecordBatch(
    records.map(({ key, value, timestamp = START_MS }) => ({
      timestamp,
      key: key === null ? null : text.encode(key),
      value: value === null ? null : text.encode(value),
      headers: [{ key: 'h', value: text.encode(value ?? '') }],
    })),
    { checksum, codec, ...options },
  );
}

export function marker(producerId: number, committed: boolean, producerEpoch = 0, timestampMs = START_MS): Uint8Array {
  return encodeEndTransactionMarker(
    { producerId, producerEpoch, committed, coordinatorEpoch: 1, timestampMs },
    checksum,
  );
}

export function resources(change: Partial<CleanerResources> = {}): CleanerResources {
  return {
    mapBytes: 1024 * 1024,
    loadFactor: 0.9,
    readBuffer: new Uint8Array(4096),
    writeBuffer: new Uint8Array(4096),
    bytesPerSecond: () => Number.POSITIVE_INFINITY,
    ...change,
  };
}

/** Waits until everything appended is on disk. */
export async function flushed(environment: TestEnvironment, log: Log): Promise<void> {
  await environment.clock.settle(log.flush());
}

/** Cleans whatever may be cleaned; undefined where nothing is dirty. */
export async function clean(
  environment: TestEnvironment,
  log: Log,
  change: Partial<CleanerResources> = {},
): Promise<CleaningResult | undefined> {
  const cleaning = await startCleaning(environment, log, change);
  return cleaning === undefined ? undefined : environment.clock.settle(cleaning.result);
}

/** The same, without waiting for its end. */
export async function startCleaning(
  environment: TestEnvironment,
  log: Log,
  change: Partial<CleanerResources> = {},
): Promise<{ readonly result: Promise<CleaningResult> } | undefined> {
  await flushed(environment, log);
  log.producers.highWatermarkReached(log.logEndOffset);
  const stable = log.producers.lastStableOffset(log.logEndOffset, log.logStartOffset);
  const range = await environment.clock.settle(log.cleaning.range(environment.clock.wallMs(), stable));
  return range === undefined ? undefined : { result: log.cleaning.clean(range, resources(change)) };
}
