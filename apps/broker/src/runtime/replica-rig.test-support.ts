import { createCore } from '@ks/core-wasm';
import {
  type CompressionType,
  createCodec,
  encodePlainRecordBatch,
  encodeRecordBatch,
  type RecordBatch,
  recordBatchesOf,
  sealBatch,
} from '@ks/protocol';
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

export const core = createCore({ memoryBytes: 8 * 1024 * 1024 });
export const codec = createCodec(core);
export const NOW_MS = 1_800_000_000_000;

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
export class Rig {
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

  /** The first batches of the log. */
  async batches(): Promise<RecordBatch[]> {
    const [result] = await this.settle(this.replicas.fetch(fetchRequest([{ partitionMaxBytes: 100_000 }])));
    return [...recordBatchesOf(await bytesOfParts(result?.records ?? []))];
  }

  /** Values of all records, as text. */
  async values(): Promise<string[]> {
    const values: string[] = [];
    let [fetchOffset, end] = [0, 1];
    while (fetchOffset < end) {
      const request = fetchRequest([{ fetchOffset, partitionMaxBytes: 5000 }], { maxWaitMs: 0 });
      const [result] = await this.settle(this.replicas.fetch(request));
      if (result?.errorCode !== 0) throw new Error(`fetch failed with ${result?.errorCode}`);
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

/** Values of a batch, as text. */
export async function valuesOf(batch: RecordBatch): Promise<string[]> {
  const plain = await batch.decompress(codec, 10_000_000);
  return [...batch.records(plain)].map((record) => new TextDecoder().decode(record.value ?? new Uint8Array()));
}

const rigs: Rig[] = [];

/** Stops every rig that was made: to be called after each test. */
export async function stopRigs(): Promise<void> {
  for (const rig of rigs.splice(0)) await rig.settle(rig.replicas.stop(BROKER_EPOCH));
}

/** A record at the rig's time unless told otherwise. */
export function record(value: string, over: { key?: string; timestamp?: number } = {}) {
  const bytes = (text: string) => new TextEncoder().encode(text);
  return {
    timestamp: over.timestamp ?? NOW_MS,
    key: over.key === undefined ? null : bytes(over.key),
    value: bytes(value),
  };
}

/** A sealed batch, changed afterwards and sealed again so that only the change is wrong. */
export function batch(
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

export function resealed(change: (bytes: Uint8Array) => unknown): Uint8Array {
  return batch(['a', 'b'], (bytes) => {
    change(bytes);
    sealBatch(bytes, 0, core);
  });
}

export async function compressed(compression: CompressionType, values: readonly string[]): Promise<Uint8Array> {
  return encodeRecordBatch(
    values.map((value) => record(value)),
    { compression, codec, checksum: core },
  );
}
