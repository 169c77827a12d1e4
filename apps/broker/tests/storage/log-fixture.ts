import { createCore } from '@ks/core-wasm';
import { createCodec, encodePlainRecordBatch, type RecordBatch, recordBatchesOf } from '@ks/protocol';
import { createMemoryFiles } from '../../src/adapters/memory-files.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Files } from '../../src/ports/files.ts';
import type { Logger } from '../../src/ports/logger.ts';
import { bytesOfParts } from '../../src/ports/wire-part.ts';
import { Log, type LogOptions, type LogRead } from '../../src/storage/log.ts';
import { defaultLogConfig, type LogConfig } from '../../src/storage/log-config.ts';
import {
  createLogEnvironment,
  type LogEnvironment,
  type LogEnvironmentOptions,
} from '../../src/storage/log-environment.ts';
import { SlabPool } from '../../src/storage/slab-pool.ts';
import { seededRandom, VirtualClock } from '../virtual-clock.ts';

export const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
export const DIRECTORY = '/data/t-0';

/** A logger that keeps its lines. */
export function recordingLogger(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const note = (_fields: unknown, message: string) => void lines.push(message);
  const logger = { lines, debug: () => undefined, info: note, warn: note, error: note, child: () => logger };
  return logger;
}

const core = createCore({ kind: 'reference', memoryBytes: 4 * 1024 * 1024 });
export const checksum = core;

export interface TestEnvironment extends LogEnvironment {
  readonly clock: VirtualClock;
  readonly logger: ReturnType<typeof recordingLogger>;
}

/** Everything a log needs, over a disk in memory unless told otherwise, with freed memory poisoned. */
export function testEnvironment(
  options: Partial<LogEnvironmentOptions> & { clock?: Clock; files?: Files } = {},
): TestEnvironment {
  const ownCore = createCore({ kind: 'reference', memoryBytes: 4 * 1024 * 1024 });
  return createLogEnvironment({
    files: createMemoryFiles(),
    clock: new VirtualClock(),
    random: seededRandom(1),
    core: ownCore,
    codec: createCodec(ownCore),
    logger: recordingLogger(),
    slabs: new SlabPool(ownCore, { poison: true }),
    tailBudgetBytes: 1024 * 1024,
    openFilesMax: 8,
    ...options,
  }) as TestEnvironment;
}

export interface LogEvents {
  advanced: number;
  readonly failures: Error[];
}

export async function openLog(
  environment: LogEnvironment,
  options: Partial<LogOptions> & { readonly configChange?: Partial<LogConfig> } = {},
): Promise<{ log: Log; events: LogEvents }> {
  const events: LogEvents = { advanced: 0, failures: [] };
  await environment.files.makeDirectory('/data');
  await environment.files.syncDirectory('/');
  const log = await Log.open({
    directory: DIRECTORY,
    topic: 't',
    partition: 0,
    topicId: TOPIC_ID,
    config: { ...defaultLogConfig, ...options.configChange },
    environment,
    hooks: {
      advanced: () => {
        events.advanced += 1;
      },
      failed: (_log, error) => void events.failures.push(error),
    },
    recoveryPoint: 0,
    logStartOffset: 0,
    cleanShutdown: true,
    ...options,
  });
  return { log, events };
}

/** A producer's batch: `count` records of the given value size, timestamps ascending by 1 ms from `timestamp`. */
export function batchOf(
  count: number,
  options: { valueBytes?: number; timestamp?: number; fill?: number } = {},
): Uint8Array {
  const { valueBytes = 20, timestamp = 1_700_000_000_000, fill = 97 } = options;
  const value = new Uint8Array(valueBytes).fill(fill);
  const records = Array.from({ length: count }, (_, index) => ({ timestamp: timestamp + index, key: null, value }));
  return encodePlainRecordBatch(records, { checksum });
}

/** Every batch a read gave, with its memory released. */
export async function batchesOf(read: LogRead | Promise<LogRead>): Promise<RecordBatch[]> {
  const result = await read;
  if (result.type !== 'records') throw new Error(`out of range: [${result.logStartOffset}, ${result.endOffset}]`);
  const bytes = await bytesOfParts(result.parts);
  const batches = [...recordBatchesOf(bytes)];
  const sum = batches.reduce((total, batch) => total + batch.sizeBytes, 0);
  if (sum !== bytes.length) throw new Error('a read gave something else than whole batches');
  for (const batch of batches) if (!batch.isCrcValid(core)) throw new Error(`bad checksum at ${batch.baseOffset}`);
  return batches;
}

/** All batches from `from` on, read in steps of at most `maxBytes`. */
export async function readAll(log: Log, from = log.logStartOffset, maxBytes = 5000): Promise<RecordBatch[]> {
  const all: RecordBatch[] = [];
  const end = log.logEndOffset;
  for (let offset = from; offset < end; ) {
    const batches = await batchesOf(log.read(offset, maxBytes, end, { minOneBatch: true }));
    const last = batches.at(-1);
    if (last === undefined) throw new Error(`nothing at ${offset} of ${log.logEndOffset}`);
    all.push(...batches);
    offset = last.nextOffset;
  }
  return all;
}
