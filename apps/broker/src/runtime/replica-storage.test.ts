import { createCore } from '@ks/core-wasm';
import {
  type CompressionType,
  createCodec,
  encodePlainRecordBatch,
  encodeRecordBatch,
  ErrorCode,
  type RecordBatch,
  recordBatchesOf,
  sealBatch,
  setBatchLength,
  setCrc,
  setProducerId,
  setRecordsCount,
} from '@ks/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { createMemoryFiles } from '../adapters/memory-files.ts';
import { createNodeRandom } from '../adapters/node-random.ts';
import { type File, type Files, FilesError } from '../ports/files.ts';
import { bytesOfParts } from '../ports/wire-part.ts';
import { SimClock } from '../sim/sim-clock.ts';
import { defaultLogConfig, type LogConfig } from '../storage/log-config.ts';
import { LogDirectory } from '../storage/log-directory.ts';
import { createLogEnvironment } from '../storage/log-environment.ts';
import { createRecordValidator } from '../storage/record-validator.ts';
import { createReplicaManager } from './create-replica-manager.ts';
import type { AppendRequest, AppendResult, ReplicaHost } from './replica-manager.ts';
import {
  appendRequest,
  BROKER_EPOCH,
  BROKER_ID,
  fetchRequest,
  idOf,
  imageOf,
  silentLogger,
  topicImage,
} from './replicas.test-support.ts';

const core = createCore({ memoryBytes: 8 * 1024 * 1024 });
const codec = createCodec(core);
const NOW_MS = 1_800_000_000_000;

/** A disk that refuses writes to the files it is told. */
class FillableDisk implements Files {
  full: RegExp | undefined;
  readonly #files = createMemoryFiles();

  async open(path: string, mode: 'read' | 'read-write' | 'create'): Promise<File> {
    const file = await this.#files.open(path, mode);
    return {
      path,
      size: () => file.size(),
      read: (into, at) => file.read(into, at),
      readSync: (into, at) => file.readSync(into, at),
      write: async (views, at) => {
        if (this.full?.test(path)) throw new FilesError('no-space', path, 'no space left on device');
        return file.write(views, at);
      },
      sync: () => file.sync(),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      close: () => file.close(),
    };
  }
  readFile = (path: string, maxBytes?: number) => this.#files.readFile(path, maxBytes);
  writeFileAtomically = (path: string, contents: Uint8Array) => this.#files.writeFileAtomically(path, contents);
  list = (path: string) => this.#files.list(path);
  exists = (path: string) => this.#files.exists(path);
  size = (path: string) => this.#files.size(path);
  makeDirectory = (path: string) => this.#files.makeDirectory(path);
  rename = (from: string, to: string) => this.#files.rename(from, to);
  remove = (path: string) => this.#files.remove(path);
  syncDirectory = (path: string) => this.#files.syncDirectory(path);
  lock = (path: string) => this.#files.lock(path);
}

/** A replica manager over the real storage on a disk in memory, leading `orders` with one partition per directory. */
class Rig {
  readonly clock = new SimClock(NOW_MS);
  readonly disk = new FillableDisk();
  readonly config: LogConfig;
  replicas: ReplicaHost;
  directories: LogDirectory[] = [];
  readonly #partitions: number;

  constructor(config: Partial<LogConfig>, partitions: number) {
    this.config = { ...defaultLogConfig, ...config };
    this.#partitions = partitions;
    this.replicas = this.#compose();
  }

  static async leading(config: Partial<LogConfig> = {}, partitions = 1): Promise<Rig> {
    const rig = new Rig(config, partitions);
    await rig.start();
    rigs.push(rig);
    return rig;
  }

  #compose(): ReplicaHost {
    return createReplicaManager({
      brokerId: BROKER_ID,
      clock: this.clock,
      logger: silentLogger,
      validator: createRecordValidator(core, codec),
      settingsOf: () => ({ log: this.config, minInsyncReplicas: 1 }),
      limits: { inflatedBytesMax: 1_000_000 },
    });
  }

  async start(leaderEpoch = 0): Promise<void> {
    this.replicas = this.#compose();
    const environment = createLogEnvironment({
      files: this.disk,
      clock: this.clock,
      random: createNodeRandom(),
      core,
      codec,
      logger: silentLogger,
      tailBudgetBytes: 1024 * 1024,
    });
    this.directories = [];
    for (let index = 0; index < this.#partitions; index++) {
      const options = { path: `/data/d${index}`, environment, configOf: () => this.config, hooks: this.replicas.hooks };
      const directory = await LogDirectory.acquire(options);
      await directory.identify({ clusterId: 'cluster', nodeId: BROKER_ID });
      await directory.loadLogs();
      this.directories.push(directory);
    }
    this.replicas.start(this.directories);
    const partitions = Array.from({ length: this.#partitions }, () => ({ leaderEpoch }));
    await this.replicas.applyImage(undefined, imageOf([topicImage('orders', idOf('Q'), partitions)]));
  }

  async append(
    records: readonly (Uint8Array | null)[],
    over: Partial<AppendRequest> = {},
  ): Promise<readonly AppendResult[]> {
    const { completion } = this.replicas.append(appendRequest(records, over));
    return this.settle(completion);
  }

  async errorOf(records: Uint8Array | null, over: Partial<AppendRequest> = {}): Promise<number | undefined> {
    return (await this.append([records], over))[0]?.errorCode;
  }

  /** Values of all records, as text. */
  async values(): Promise<string[]> {
    const values: string[] = [];
    let [fetchOffset, end] = [0, 1];
    while (fetchOffset < end) {
      const request = fetchRequest([{ fetchOffset, partitionMaxBytes: 5000 }], { maxWaitMs: 0 });
      const [result] = await this.settle(this.replicas.fetch(request));
      expect(result?.errorCode).toBe(0);
      const bytes = await bytesOfParts(result?.records ?? []);
      for (const batch of recordBatchesOf(bytes)) values.push(...(await valuesOf(batch)));
      if (result === undefined || result.nextOffset === fetchOffset) break;
      [fetchOffset, end] = [result.nextOffset, result.highWatermark];
    }
    return values;
  }

  /** Runs what the answer waits for. */
  async settle<T>(answer: Promise<T>): Promise<T> {
    let isDone = false;
    const mark = (): void => {
      isDone = true;
    };
    answer.then(mark, mark);
    for (let turn = 0; !isDone && turn < 1000; turn++) await this.clock.advance(1);
    // The thread pool inflates in real time: on a busy machine it may still be at it.
    while (!isDone) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await this.clock.advance(0);
    }
    return answer;
  }
}

async function valuesOf(batch: RecordBatch): Promise<string[]> {
  const plain = await batch.decompress(codec, 10_000_000);
  return [...batch.records(plain)].map((record) => new TextDecoder().decode(record.value ?? new Uint8Array()));
}

const rigs: Rig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.settle(rig.replicas.stop(BROKER_EPOCH));
});

function record(value: string, over: { key?: string; timestamp?: number } = {}) {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return {
    timestamp: over.timestamp ?? NOW_MS,
    key: over.key === undefined ? null : bytes(over.key),
    value: bytes(value),
  };
}

/** A sealed batch, changed afterwards and sealed again so that only the change is wrong. */
function batch(
  values: readonly string[] = ['a'],
  change: (bytes: Uint8Array) => unknown = () => undefined,
): Uint8Array {
  const bytes = encodePlainRecordBatch(
    values.map((value) => record(value)),
    { checksum: core },
  );
  change(bytes);
  return bytes;
}

function resealed(change: (bytes: Uint8Array) => unknown): Uint8Array {
  return batch(['a', 'b'], (bytes) => {
    change(bytes);
    sealBatch(bytes, 0, core);
  });
}

async function compressed(compression: CompressionType, values: readonly string[]): Promise<Uint8Array> {
  return encodeRecordBatch(
    values.map((value) => record(value)),
    { compression, codec, checksum: core },
  );
}

describe('the data path over real storage', () => {
  it('gives back what every codec wrote, small and large, across a restart', async () => {
    const rig = await Rig.leading();
    const expected: string[] = [];
    let offset = 0;
    for (const compression of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      for (const size of [10, 3000]) {
        const values = Array.from({ length: size }, (_, index) => `${compression} ${index} ${'x'.repeat(index % 60)}`);
        const [result] = await rig.append([await compressed(compression, values)]);
        expect(result).toMatchObject({ errorCode: 0, baseOffset: offset, lastOffset: offset + size - 1 });
        offset += size;
        expected.push(...values);
      }
    }
    expect((await rig.values()).join() === expected.join()).toBe(true);
    await rig.settle(rig.replicas.stop(BROKER_EPOCH));
    await rig.settle(rig.start(1));
    expect((await rig.values()).join() === expected.join()).toBe(true);
    expect((await rig.append([batch()]))[0]).toMatchObject({ errorCode: 0, baseOffset: offset });
  });

  it('refuses what lies, is broken, too large or not allowed, and keeps nothing of it', async () => {
    const rig = await Rig.leading({ maxMessageBytes: 20_000 });
    const bomb = await compressed('zstd', ['0'.repeat(3_000_000)]);
    const zstd = await compressed('zstd', ['a']);
    const cases: readonly (readonly [string, Uint8Array | null, number, Partial<AppendRequest>?])[] = [
      ['nothing', null, ErrorCode.INVALID_RECORD],
      ['no bytes', new Uint8Array(0), ErrorCode.INVALID_RECORD],
      ['cut off', batch().subarray(0, 40), ErrorCode.CORRUPT_MESSAGE],
      ['wrong CRC', batch(['a'], (bytes) => setCrc(bytes, 0, 1)), ErrorCode.CORRUPT_MESSAGE],
      [
        'flipped bit',
        batch(['a'], (bytes) => bytes.fill(9, bytes.length - 2, bytes.length - 1)),
        ErrorCode.CORRUPT_MESSAGE,
      ],
      ['length beyond the end', batch(['a'], (bytes) => setBatchLength(bytes, 0, 1 << 30)), ErrorCode.CORRUPT_MESSAGE],
      ['negative length', batch(['a'], (bytes) => setBatchLength(bytes, 0, -5)), ErrorCode.CORRUPT_MESSAGE],
      ['two batches', Uint8Array.from([...batch(), ...batch()]), ErrorCode.INVALID_RECORD],
      [
        'more records than there are',
        resealed((bytes) => setRecordsCount(bytes, 0, 2_000_000_000)),
        ErrorCode.INVALID_RECORD,
      ],
      ['fewer records than there are', resealed((bytes) => setRecordsCount(bytes, 0, 1)), ErrorCode.INVALID_RECORD],
      ['magic 1', batch(['a'], (bytes) => bytes.fill(1, 16, 17)), ErrorCode.INVALID_RECORD],
      ['control bit', resealed((bytes) => bytes.fill(0x20, 22, 23)), ErrorCode.INVALID_RECORD],
      ['an unknown codec', resealed((bytes) => bytes.fill(7, 22, 23)), ErrorCode.INVALID_RECORD],
      ['bytes that are no gzip', resealed((bytes) => bytes.fill(1, 22, 23)), ErrorCode.CORRUPT_MESSAGE],
      ['a bomb', bomb, ErrorCode.MESSAGE_TOO_LARGE],
      ['zstd in an old version', zstd, ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, { apiVersion: 6 }],
      ['over max.message.bytes', batch(['y'.repeat(21_000)]), ErrorCode.MESSAGE_TOO_LARGE],
      [
        'from the far future',
        encodePlainRecordBatch([record('a', { timestamp: NOW_MS * 2 })], { checksum: core }),
        ErrorCode.INVALID_TIMESTAMP,
      ],
      ['of a producer id', resealed((bytes) => setProducerId(bytes, 0, 7)), ErrorCode.INVALID_RECORD],
    ];
    expect(bomb.length).toBeLessThan(20_000);
    for (const [name, bytes, errorCode, over] of cases) {
      expect([name, await rig.errorOf(bytes, over)]).toEqual([name, errorCode]);
    }
    expect(await rig.errorOf(batch(['fine']))).toBe(0);
    expect(await rig.values()).toEqual(['fine']);
  });

  it('inflates a large batch on the thread pool before it appends', async () => {
    const rig = await Rig.leading();
    const noise = Array.from({ length: 4000 }, (_, index) => `${Math.sin(index)} ${Math.cos(index * 3)}`);
    const { admitting, completion } = rig.replicas.append(appendRequest([await compressed('gzip', noise)]));
    expect(admitting).toBeDefined();
    expect((await rig.settle(completion))[0]).toMatchObject({ errorCode: 0, baseOffset: 0, lastOffset: 3999 });
  });

  it('demands keys in compacted topics and names the records that lack one', async () => {
    const rig = await Rig.leading({ cleanupPolicy: { delete: false, compact: true } });
    const records = [record('a', { key: 'k' }), record('b'), record('c')];
    const [result] = await rig.append([encodePlainRecordBatch(records, { checksum: core })]);
    expect(result?.errorCode).toBe(ErrorCode.INVALID_RECORD);
    expect(result?.recordErrors.map((each) => each.batchIndex)).toEqual([1, 2]);
    expect(await rig.errorOf(encodePlainRecordBatch([record('a', { key: 'k' })], { checksum: core }))).toBe(0);
  });

  it("stamps the broker's time where the topic asks for it", async () => {
    const rig = await Rig.leading({ messageTimestampType: 'LogAppendTime' });
    const [result] = await rig.append([encodePlainRecordBatch([record('a', { timestamp: 5 })], { checksum: core })]);
    expect(result?.logAppendTimeMs).toBeGreaterThanOrEqual(NOW_MS);
    const [fetched] = await rig.settle(rig.replicas.fetch(fetchRequest([{}])));
    const [stored] = recordBatchesOf(await bytesOfParts(fetched?.records ?? []));
    expect([stored?.isLogAppendTime, stored?.maxTimestamp, stored?.isCrcValid(core)]).toEqual([
      true,
      result?.logAppendTimeMs,
      true,
    ]);
  });

  it('takes the directory of a full disk out of service and goes on with the others', async () => {
    const rig = await Rig.leading({}, 2);
    expect((await rig.append([batch(['a']), batch(['b'])])).map((each) => each.errorCode)).toEqual([0, 0]);
    const first = rig.directories.findIndex((directory) => directory.log('orders', 0) !== undefined);
    const waiting = rig.replicas.fetch(fetchRequest([{ fetchOffset: 1 }], { maxWaitMs: 60_000 }));
    rig.disk.full = new RegExp(`^/data/d${first}/.*log$`);
    const codes = (await rig.append([batch(['c']), batch(['d'])])).map((each) => each.errorCode);
    expect(codes).toEqual([ErrorCode.KAFKA_STORAGE_ERROR, 0]);
    expect((await rig.settle(waiting))[0]?.errorCode).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    rig.disk.full = undefined;
    expect(await rig.errorOf(batch())).toBe(ErrorCode.KAFKA_STORAGE_ERROR);
    await rig.settle(rig.replicas.stop(BROKER_EPOCH));
    await rig.settle(rig.start(1));
    expect(await rig.values()).toEqual(['a']);
    expect(await rig.errorOf(batch(['e']))).toBe(0);
  });
});
