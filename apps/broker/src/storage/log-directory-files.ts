import type { Files } from '../ports/files.ts';
import type { Logger } from '../ports/logger.ts';
import { formatOffsets, type PartitionOffset, parseOffsets, readText, writeText } from './checkpoint.ts';
import { formatMetaProperties, type MetaProperties, parseMetaProperties } from './meta-properties.ts';
import { partitionDirectoryName } from './partition-names.ts';

const META_PROPERTIES = 'meta.properties';
const CLEAN_SHUTDOWN = '.kafka_cleanshutdown';

/** The checkpoint files of a log directory. */
export type CheckpointName =
  | 'recovery-point-offset-checkpoint'
  | 'log-start-offset-checkpoint'
  | 'replication-offset-checkpoint'
  | 'cleaner-offset-checkpoint';

/** The files in a log directory's root. What cannot be read is as good as absent: one warning, and the safe way. */
export class LogDirectoryFiles {
  readonly #path: string;
  readonly #files: Files;
  readonly #logger: Logger;
  /** What each checkpoint file says. */
  readonly #rows = new Map<CheckpointName, readonly PartitionOffset[]>();
  /** Whom each checkpoint file tells of. */
  readonly #named = new Map<CheckpointName, ReadonlySet<string>>();
  /** Checkpoints are written one after the other. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(path: string, files: Files, logger: Logger) {
    this.#path = path;
    this.#files = files;
    this.#logger = logger;
  }

  async readMeta(): Promise<Partial<MetaProperties>> {
    const text = await readText(this.#files, `${this.#path}/${META_PROPERTIES}`);
    if (text === undefined) return {};
    const { meta, problem } = parseMetaProperties(text);
    if (problem !== undefined) this.#warn(META_PROPERTIES, problem, 'it is written anew');
    return meta;
  }

  writeMeta(meta: MetaProperties): Promise<void> {
    return writeText(this.#files, `${this.#path}/${META_PROPERTIES}`, formatMetaProperties(meta));
  }

  /** Whether the last stop was clean, and the broker epoch it had then (-1 where the file does not tell). */
  async readCleanShutdown(): Promise<{ readonly isClean: boolean; readonly brokerEpoch: number }> {
    const text = await readText(this.#files, `${this.#path}/${CLEAN_SHUTDOWN}`);
    if (text === undefined) return { isClean: false, brokerEpoch: -1 };
    const brokerEpoch = parseBrokerEpoch(text);
    if (brokerEpoch === undefined)
      this.#warn(CLEAN_SHUTDOWN, 'it is not JSON of version 0', 'the last stop counts as unclean');
    return { isClean: brokerEpoch !== undefined, brokerEpoch: brokerEpoch ?? -1 };
  }

  writeCleanShutdown(brokerEpoch: number): Promise<void> {
    return writeText(
      this.#files,
      `${this.#path}/${CLEAN_SHUTDOWN}`,
      `${JSON.stringify({ version: 0, brokerEpoch })}\n`,
    );
  }

  async removeCleanShutdown(): Promise<void> {
    await this.#files.remove(`${this.#path}/${CLEAN_SHUTDOWN}`);
    await this.#files.syncDirectory(this.#path);
  }

  /** Offsets by `topic-partition`. */
  async readCheckpoint(name: CheckpointName): Promise<Map<string, number>> {
    const text = await readText(this.#files, `${this.#path}/${name}`);
    if (text === undefined) return new Map();
    const { rows, problem } = parseOffsets(text);
    if (problem !== undefined) this.#warn(name, problem, 'every partition starts from 0');
    this.#keep(name, rows);
    return new Map(rows.map(({ topic, partition, offset }) => [partitionDirectoryName(topic, partition), offset]));
  }

  /** What the file was read or written with last. */
  rowsOf(name: CheckpointName): readonly PartitionOffset[] {
    return this.#rows.get(name) ?? [];
  }

  /** @param rows where a function, asked when its turn to be written has come */
  writeCheckpoint(
    name: CheckpointName,
    rows: readonly PartitionOffset[] | (() => readonly PartitionOffset[]),
  ): Promise<void> {
    return this.#inTurn(() => this.#write(name, typeof rows === 'function' ? rows() : rows));
  }

  /** Brings a partition's row down to `row.offset` where it is above. */
  lower(name: CheckpointName, row: PartitionOffset): Promise<void> {
    return this.#inTurn(async () => {
      const rows = this.#rows.get(name) ?? [];
      const isIt = (each: PartitionOffset) => each.topic === row.topic && each.partition === row.partition;
      if (!rows.some((each) => isIt(each) && each.offset > row.offset)) return;
      await this.#write(
        name,
        rows.map((each) => (isIt(each) ? row : each)),
      );
    });
  }

  /**
   * Before a partition comes under a name that another had, and would be recovered by the other's offsets: where a checkpoint tells of
   * that name, all that are not here any more are taken out of it.
   */
  makeWay(topic: string, partition: number, isHere: (row: PartitionOffset) => boolean): Promise<void> {
    const taken = partitionDirectoryName(topic, partition);
    return this.#inTurn(async () => {
      for (const [name, rows] of this.#rows) {
        if (!this.#named.get(name)?.has(taken)) continue;
        const kept = rows.filter(isHere);
        if (kept.length < rows.length) await this.#write(name, kept);
      }
    });
  }

  async #write(name: CheckpointName, rows: readonly PartitionOffset[]): Promise<void> {
    await writeText(this.#files, `${this.#path}/${name}`, formatOffsets(rows));
    this.#keep(name, rows);
  }

  #keep(name: CheckpointName, rows: readonly PartitionOffset[]): void {
    this.#rows.set(name, rows);
    this.#named.set(name, new Set(rows.map(({ topic, partition }) => partitionDirectoryName(topic, partition))));
  }

  #inTurn(write: () => Promise<void>): Promise<void> {
    const done = this.#writing.then(write);
    this.#writing = done.catch(() => undefined);
    return done;
  }

  #warn(name: string, problem: string, consequence: string): void {
    this.#logger.warn({ file: `${this.#path}/${name}` }, `${name} is corrupt (${problem}): ${consequence}`);
  }
}

function parseBrokerEpoch(text: string): number | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 0) return undefined;
    const brokerEpoch = 'brokerEpoch' in value ? value.brokerEpoch : -1;
    return typeof brokerEpoch === 'number' && Number.isSafeInteger(brokerEpoch) ? brokerEpoch : undefined;
  } catch {
    return undefined;
  }
}
