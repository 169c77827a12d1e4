/** Names of what a log directory holds, Kafka's. */

const OFFSET_DIGITS = 20;
const NAME_CHARACTERS_MAX = 255;
const directoryPattern = /^([a-zA-Z0-9._-]{1,249})-(0|[1-9]\d{0,9})$/;

export const DELETE_SUFFIX = '-delete';
export const STRAY_SUFFIX = '-stray';
export const FUTURE_SUFFIX = '-future';
/** Put behind the name of a removed segment's files until they go. */
export const DELETED_SUFFIX = '.deleted';
/** Put behind the names of a compacted segment's files while they are written, and until the segments that it replaces are gone. */
export const CLEANED_SUFFIX = '.cleaned';
export const SWAP_SUFFIX = '.swap';

export const LOG_SUFFIX = '.log';
export const OFFSET_INDEX_SUFFIX = '.index';
export const TIME_INDEX_SUFFIX = '.timeindex';
export const TRANSACTION_INDEX_SUFFIX = '.txnindex';
export const PRODUCER_SNAPSHOT_SUFFIX = '.snapshot';

export const LEADER_EPOCH_FILE = 'leader-epoch-checkpoint';
export const PARTITION_METADATA_FILE = 'partition.metadata';

export function partitionDirectoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** Undefined where `name` is not a live partition's directory. */
export function parsePartitionDirectory(
  name: string,
): { readonly topic: string; readonly partition: number } | undefined {
  const match = directoryPattern.exec(name);
  const [topic, partition] = [match?.[1], Number(match?.[2])];
  if (topic === undefined || topic === '.' || topic === '..' || partition > 0x7fffffff) return undefined;
  return { topic, partition };
}

/** `<topic>-<partition>.<32 hex digits>-delete`, with the topic cut short where the name would get too long. */
export function retiredDirectoryName(
  topic: string,
  partition: number,
  randomBytes: Uint8Array,
  suffix: string,
): string {
  const id = Array.from(randomBytes.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const ending = `-${partition}.${id}${suffix}`;
  return topic.slice(0, NAME_CHARACTERS_MAX - ending.length) + ending;
}

/** `<dir>/<20 digits>`, to which the suffixes are added. */
export function segmentPath(directory: string, baseOffset: number): string {
  return `${directory}/${String(baseOffset).padStart(OFFSET_DIGITS, '0')}`;
}

/** The base offset that a segment's log file is named after; undefined for any other file. */
export function parseLogFileName(name: string): number | undefined {
  return parseOffsetName(name, LOG_SUFFIX);
}

/** The offset that a producer snapshot is named after; undefined for any other file. */
export function parseSnapshotFileName(name: string): number | undefined {
  return parseOffsetName(name, PRODUCER_SNAPSHOT_SUFFIX);
}

function parseOffsetName(name: string, suffix: string): number | undefined {
  if (!/^\d{20}\.[a-z]+$/.test(name) || !name.endsWith(suffix)) return undefined;
  const offset = Number(name.slice(0, OFFSET_DIGITS));
  return Number.isSafeInteger(offset) ? offset : undefined;
}
