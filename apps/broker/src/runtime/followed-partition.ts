import { baseOffset, ErrorCode, type Fetch, BATCH_HEADER_BYTES, type ResponseOf } from '@ks/protocol';
import { type FollowerPosition, keyOf } from '../core/fetch-session/follower-session.ts';
import { truncationOffset } from '../core/partition/divergence.ts';
import type { Logger } from '../ports/logger.ts';
import type { HostedReplica } from './hosted-replica.ts';

/** A partition's part of a leader's answer. */
export type PartitionAnswer = ResponseOf<typeof Fetch>['responses'][number]['partitions'][number];

/** The first pause after an error; each further one is twice as long. */
const FIRST_PAUSE_MS = 20;
/** How soon a partition is looked at again whose log is not at rest. */
const UNREADY_MS = 2;

/** Errors that pass by themselves, soon, while an image is on its way to the leader or to this broker. */
const PASSING: ReadonlySet<number> = new Set([
  ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ErrorCode.FENCED_LEADER_EPOCH,
  ErrorCode.UNKNOWN_LEADER_EPOCH,
  ErrorCode.UNKNOWN_TOPIC_ID,
  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ErrorCode.INCONSISTENT_TOPIC_ID,
  ErrorCode.STALE_BROKER_EPOCH,
]);

export interface FollowedPartitionOptions {
  readonly logger: Logger;
  /** Longest pause after a failure. */
  readonly pauseMaxMs: number;
  /** replica.fetch.max.bytes */
  readonly partitionMaxBytes: number;
}

/** A replica while it follows one leader in one epoch: takes what the leader sends into its log, and cuts off what the leader lacks. */
export class FollowedPartition {
  readonly replica: HostedReplica;
  readonly leaderEpoch: number;
  /** Monotonic time before which it is not asked for. */
  dueMs = 0;
  /** `topic id/partition` */
  readonly key: string;
  readonly #logger: Logger;
  readonly #pauseMaxMs: number;
  readonly #partitionMaxBytes: number;
  #failures = 0;
  #position: FollowerPosition | undefined;
  /** The replica's version that the position was made of. */
  #positionVersion = -1;

  constructor(replica: HostedReplica, options: FollowedPartitionOptions) {
    this.replica = replica;
    this.key = keyOf(replica);
    this.leaderEpoch = replica.leaderEpoch;
    this.#logger = options.logger;
    this.#pauseMaxMs = options.pauseMaxMs;
    this.#partitionMaxBytes = options.partitionMaxBytes;
  }

  /** What it is to be asked for next; the same object as long as nothing has changed. */
  get position(): FollowerPosition {
    const { replica, leaderEpoch } = this;
    if (this.#position !== undefined && this.#positionVersion === replica.version) return this.#position;
    const { topic, topicId, partitionIndex, log } = replica;
    this.#positionVersion = replica.version;
    this.#position = {
      ...{ topic, topicId, partitionIndex, key: this.key },
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: replica.vouchedEndOffset,
      lastFetchedEpoch: log.latestLeaderEpoch,
      logStartOffset: log.logStartOffset,
      highWatermark: replica.highWatermark,
      partitionMaxBytes: this.#partitionMaxBytes,
    };
    return this.#position;
  }

  /** Whether it may be asked for now: all that was appended is there for good, and nothing is being cut off. */
  isDue(nowMs: number): boolean {
    if (this.dueMs > nowMs) return false;
    const { replica, leaderEpoch } = this;
    const isReady = replica.isFollowing(leaderEpoch) && replica.log.appendedEndOffset === replica.vouchedEndOffset;
    if (!isReady) this.dueMs = nowMs + UNREADY_MS;
    return isReady;
  }

  /** Takes what the leader answered to `asked`. Where that has to be waited for, the promise settles when it is done; it never rejects. */
  take(answer: PartitionAnswer, asked: FollowerPosition, nowMs: number): Promise<void> | undefined {
    const { replica, leaderEpoch } = this;
    if (!replica.isFollowing(leaderEpoch) || replica.log.appendedEndOffset !== asked.fetchOffset) return undefined;
    try {
      return this.#act(answer, nowMs)?.catch((error: unknown) => this.#fault(error, nowMs));
    } catch (error) {
      this.#fault(error, nowMs);
      return undefined;
    }
  }

  #act(answer: PartitionAnswer, nowMs: number): Promise<void> | undefined {
    switch (answer.errorCode) {
      case ErrorCode.NONE:
        if (answer.divergingEpoch.endOffset >= 0) return this.#truncate(answer.divergingEpoch, nowMs);
        return this.#startsBefore(answer) ? this.#beginWithin(answer, nowMs) : this.#append(answer, nowMs);
      case ErrorCode.OFFSET_OUT_OF_RANGE:
        return this.#restart(answer, nowMs);
      default:
        this.#fail(`the leader answers with error ${answer.errorCode}`, nowMs, PASSING.has(answer.errorCode));
        return undefined;
    }
  }

  #append({ records, highWatermark, logStartOffset }: PartitionAnswer, nowMs: number): Promise<void> | undefined {
    const { replica, leaderEpoch } = this;
    const { log } = replica;
    let writing: Promise<void> | undefined;
    if (records !== null && records.length > 0) {
      const { failure, batchCount } = log.appendAsFollower(records);
      replica.traffic.replicated(0, records.length);
      if (batchCount > 0) writing = replica.vouches(log.appendedEndOffset);
      if (failure === undefined) this.#failures = 0;
      else this.#fail(`what the leader sent is not appended: ${failure.message}`, nowMs, false);
    }
    replica.leaderWatermark(leaderEpoch, highWatermark);
    this.#moveStart(logStartOffset);
    return writing;
  }

  /** What the leader has deleted goes here, too, as far as it is committed. */
  #moveStart(leaderStartOffset: number): void {
    const { replica } = this;
    const startOffset = Math.min(leaderStartOffset, replica.highWatermark);
    if (startOffset <= replica.log.logStartOffset) return;
    replica.log.advanceLogStartOffset(startOffset);
    replica.trimmed();
  }

  /** Whether this log is empty and the leader's starts within the batch that comes first: some of its records were deleted. */
  #startsBefore({ records }: PartitionAnswer): boolean {
    const { log } = this.replica;
    if (records === null || records.length < BATCH_HEADER_BYTES) return false;
    return log.logStartOffset === log.appendedEndOffset && baseOffset(records, 0) < log.appendedEndOffset;
  }

  /** The log begins with the whole batch; its start follows the leader's once that is written. */
  async #beginWithin(answer: PartitionAnswer, nowMs: number): Promise<void> {
    const { replica, leaderEpoch } = this;
    await replica.restartAt(baseOffset(answer.records ?? new Uint8Array(0), 0));
    if (!replica.isFollowing(leaderEpoch)) return;
    await this.#append(answer, nowMs);
    this.#moveStart(answer.logStartOffset);
  }

  /** KIP-595: by the epoch and by the end offset both, and never to what this replica once took for committed. */
  #truncate(diverging: PartitionAnswer['divergingEpoch'], nowMs: number): Promise<void> {
    const { log, highWatermark } = this.replica;
    const before = { endOffset: log.logEndOffset, leaderEpoch: log.latestLeaderEpoch };
    const offset = truncationOffset(diverging, log.endOffsetForEpoch(diverging.epoch), log.logEndOffset);
    const fields = { ...this.#name, offset, ...before, highWatermark };
    if (offset < highWatermark) this.#logger.warn(fields, 'The leader lacks records that were committed here');
    else this.#logger.info(fields, 'Cutting off what the leader lacks');
    return this.#cut(this.replica.truncateTo(offset), () => {
      const isStuck = log.logEndOffset === before.endOffset && log.latestLeaderEpoch === before.leaderEpoch;
      if (isStuck) this.#fail('the leader’s log and this one cannot be brought together', nowMs, false);
    });
  }

  /** The leader has deleted what this replica would need next. */
  #restart({ logStartOffset }: PartitionAnswer, nowMs: number): Promise<void> | undefined {
    const { replica } = this;
    if (logStartOffset <= replica.logEndOffset) {
      this.#fail('the leader finds the offset out of range', nowMs, false);
      return undefined;
    }
    this.#logger.info(
      { ...this.#name, offset: logStartOffset },
      'The leader has deleted what would come next: starting there',
    );
    return this.#cut(replica.restartAt(logStartOffset), () => undefined);
  }

  async #cut(cutting: Promise<void>, done: () => void): Promise<void> {
    await cutting;
    done();
  }

  /** A log that has failed, or was closed, has told its owner; anything else is a bug that must not stop the other partitions. */
  #fault(error: unknown, nowMs: number): void {
    this.#fail(error instanceof Error ? error.message : String(error), nowMs, false);
  }

  #fail(problem: string, nowMs: number, isPassing: boolean): void {
    this.dueMs = nowMs + Math.min(this.#pauseMaxMs, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    if (isPassing) this.#logger.debug(this.#name, problem);
    else this.#logger.warn(this.#name, `A replica cannot follow: ${problem}`);
  }

  get #name() {
    const { topic, partitionIndex } = this.replica;
    return { topic, partition: partitionIndex, leaderEpoch: this.leaderEpoch };
  }
}
