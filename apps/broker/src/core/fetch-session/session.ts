import { type FetchPosition, type ForgottenPartition, type PartitionAnswer, partitionKey } from './position.ts';

/** The epoch of a request that begins a session. */
export const INITIAL_EPOCH = 0;
/** The epoch of a request that ends a session, or wants none. */
export const FINAL_EPOCH = -1;
const EPOCH_MAX = 2_147_483_647;

/** The epoch that must follow: it grows by one and begins again at 1, as 0 begins a session. */
export function nextEpoch(epoch: number): number {
  if (epoch < 0) return FINAL_EPOCH;
  return epoch === EPOCH_MAX ? 1 : epoch + 1;
}

/** A partition of a session: what its reader asked last and was told last. */
class CachedPartition {
  readonly key: string;
  position: FetchPosition;
  /** -1 where nothing was told, or an error: then the next answer is told in any case. */
  highWatermark: number;
  logStartOffset: number;
  /** Of the last answer. */
  #stillHolds: ((nowMs: number) => boolean) | undefined;

  constructor(key: string, position: FetchPosition, told: PartitionAnswer | undefined) {
    this.key = key;
    this.position = position;
    this.highWatermark = told?.highWatermark ?? -1;
    this.logStartOffset = told?.logStartOffset ?? -1;
    this.#stillHolds = told?.stillHolds;
  }

  /** Its reader asks from somewhere else. */
  move(position: FetchPosition): void {
    this.position = position;
    this.#stillHolds = undefined;
  }

  /** Whether its reader has what there is, as far as is known without looking. */
  isQuiet(nowMs: number): boolean {
    return this.#stillHolds?.(nowMs) ?? false;
  }

  /** Whether its reader had what there was, and there may be more now. */
  hasTurned(nowMs: number): boolean {
    return this.#stillHolds !== undefined && !this.#stillHolds(nowMs);
  }

  /** Whether the answer holds anything new; what it holds is then known to the reader. */
  learn(answer: PartitionAnswer): boolean {
    const isNew =
      answer.errorCode !== 0 ||
      answer.sizeBytes > 0 ||
      answer.highWatermark !== this.highWatermark ||
      answer.logStartOffset !== this.logStartOffset ||
      answer.divergingEpoch !== undefined ||
      (answer.preferredReadReplica ?? -1) >= 0;
    this.highWatermark = answer.errorCode === 0 ? answer.highWatermark : -1;
    this.logStartOffset = answer.logStartOffset;
    this.#stillHolds = answer.stillHolds;
    return isNew;
  }
}

export interface FetchSessionOptions {
  /** Above 0. */
  readonly id: number;
  /** Whether a follower made it: it may take the place of a consumer's. */
  readonly isPrivileged: boolean;
  /** Whether its requests name topics by id (Fetch 13 and above). */
  readonly usesTopicIds: boolean;
  readonly nowMs: number;
}

/**
 * An incremental fetch session (KIP-227): the partitions of a reader that asks again and again, so that its requests name only
 * what changed and the answers hold only what is new. The partitions' order is the order of reading: one whose records were
 * sent goes to the end.
 */
export class FetchSession {
  readonly id: number;
  readonly isPrivileged: boolean;
  readonly usesTopicIds: boolean;
  readonly createdMs: number;
  lastUsedMs: number;
  /** The epoch that its next request must have. */
  epoch = nextEpoch(INITIAL_EPOCH);
  readonly #partitions = new Map<string, CachedPartition>();
  /** What the newest request reads. */
  #reading: readonly CachedPartition[] = [];

  constructor(options: FetchSessionOptions) {
    this.id = options.id;
    this.isPrivileged = options.isPrivileged;
    this.usesTopicIds = options.usesTopicIds;
    this.createdMs = options.nowMs;
    this.lastUsedMs = options.nowMs;
  }

  /** How many partitions it holds. */
  get size(): number {
    return this.#partitions.size;
  }

  /** Takes up what the full answer that begins the session tells. A partition that was named twice is held once. */
  begin(positions: readonly FetchPosition[], answers: readonly PartitionAnswer[]): void {
    positions.forEach((position, index) => {
      const key = partitionKey(position);
      this.#partitions.set(key, new CachedPartition(key, position, answers[index]));
    });
  }

  /** Takes up a request: new and changed positions, then what is to be forgotten. */
  update(positions: readonly FetchPosition[], forgotten: readonly ForgottenPartition[]): void {
    for (const position of positions) {
      const key = partitionKey(position);
      const cached = this.#partitions.get(key);
      if (cached === undefined) this.#partitions.set(key, new CachedPartition(key, position, undefined));
      else cached.move(position);
    }
    for (const each of forgotten) this.#partitions.delete(partitionKey(each));
  }

  /** What to read now, in order: everything but those whose last answer still holds. */
  read(nowMs: number): readonly FetchPosition[] {
    const reading: CachedPartition[] = [];
    for (const cached of this.#partitions.values()) if (!cached.isQuiet(nowMs)) reading.push(cached);
    this.#reading = reading;
    return reading.map((cached) => cached.position);
  }

  /** Whether an answer that was given holds no longer. */
  hasTurned(nowMs: number): boolean {
    for (const cached of this.#partitions.values()) if (cached.hasTurned(nowMs)) return true;
    return false;
  }

  /** Where its reader stands in a partition; undefined where it does not read it. `key`: as by `partitionKey`. */
  positionOf(key: string): FetchPosition | undefined {
    return this.#partitions.get(key)?.position;
  }

  /** For each answer to the last `read`, whether it is to be told. */
  prune(answers: readonly PartitionAnswer[]): readonly boolean[] {
    return answers.map((answer, index) => {
      const cached = this.#reading[index];
      if (cached === undefined || !cached.learn(answer)) return false;
      if (answer.sizeBytes > 0) {
        this.#partitions.delete(cached.key);
        this.#partitions.set(cached.key, cached);
      }
      return true;
    });
  }
}
