import { ErrorCode } from '@ks/protocol';
import type { Clock } from '../ports/clock.ts';
import type { Log, LogAppend } from '../storage/log.ts';
import type { LogConfig } from '../storage/log-config.ts';
import { producerBatchAt } from '../storage/producer-batch.ts';
import { type AppendedBatch, baseOffsetOf } from '../storage/producer-entry.ts';
import type { ProducerVerdict, TransactionVerification } from '../storage/producer-judge.ts';
import type { BatchFacts, BatchValidation, RecordValidator } from '../storage/record-validator.ts';
import { type AppendVerification, verifyAppend } from './append-verification.ts';
import type { HostedReplica } from './hosted-replica.ts';
import { PendingAppend, refusedAppend } from './pending-append.ts';
import type { Append, AppendPartition, AppendRequest, AppendResult } from './replica-manager.ts';
import type { ReplicaRegistry } from './replica-registry.ts';
import type { TimerWheel } from './timer-wheel.ts';
import { isInternalTopicName } from './topic-admin-rules.ts';

export interface AppendPathOptions {
  readonly registry: ReplicaRegistry;
  readonly validator: RecordValidator;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Largest size of a batch's records once inflated. */
  readonly inflatedBytesMax: number;
  /** Appends of one partition that may wait for their acknowledgement; more are refused. */
  readonly parkedPerPartitionMax: number;
  /** Whether this broker's registration may have ended: another may lead then, and this one cannot know. */
  readonly isFenced?: () => boolean;
}

/** One append on its way through the partitions. */
interface Admission {
  readonly request: AppendRequest;
  /** The request's; those that have to wait are copies of their own by then. */
  readonly partitions: AppendPartition[];
  readonly pending: PendingAppend;
  /** Undefined where no coordinator had to be asked. */
  readonly verification: AppendVerification | undefined;
}

/** The way of a batch into the log and of its acknowledgement out: check, append, wait for what `acks` asks. */
export class AppendPath {
  readonly #options: AppendPathOptions;

  constructor(options: AppendPathOptions) {
    this.#options = options;
  }

  append(request: AppendRequest): Append {
    const pending = new PendingAppend();
    const verification = verifyAppend(this.#options.registry, request);
    const admission = { request, partitions: [...request.partitions], pending, verification };
    if (verification !== undefined) own(admission.partitions, 0);
    const admitting =
      verification === undefined
        ? this.#admitFrom(0, admission)
        : verification.answered.then(() => this.#admitFrom(0, admission));
    return { admitting, admitted: pending.results, completion: pending.completion };
  }

  /** Admits the partitions from `start` on in order; a promise as soon as one has to wait for another thread. */
  #admitFrom(start: number, admission: Admission): Promise<void> | undefined {
    const { request, partitions, pending, verification } = admission;
    for (let index = start; index < partitions.length; index++) {
      const asked = partitions[index] as AppendPartition;
      const located = this.#locate(asked, index, admission);
      if ('errorCode' in located) {
        pending.results.push(located);
        continue;
      }
      const validation = this.#validate(asked, located, request);
      if (validation instanceof Promise) {
        own(partitions, index);
        return validation.then((settled) => {
          this.#admitAfterWait(partitions[index] as AppendPartition, index, settled, admission);
          return this.#admitFrom(index + 1, admission);
        });
      }
      this.#admit(asked, index, located, validation, admission);
    }
    verification?.end();
    this.#finishAdmission(request, pending);
    return undefined;
  }

  /** The world may have moved during the wait: leadership, the partition itself, its ISR. */
  #admitAfterWait(asked: AppendPartition, index: number, validation: BatchValidation, admission: Admission): void {
    const located = this.#locate(asked, index, admission);
    if ('errorCode' in located) admission.pending.results.push(located);
    else this.#admit(asked, index, located, validation, admission);
  }

  /** The replica to append to, or the refusal. */
  #locate(asked: AppendPartition, index: number, { request, verification }: Admission): HostedReplica | AppendResult {
    const located = this.#options.registry.locateLeader(asked);
    if (located.refusal !== undefined) {
      const { errorCode, currentLeader } = located.refusal;
      return refusedAppend(asked, errorCode, errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER ? { currentLeader } : {});
    }
    const { replica } = located;
    // Their coordinators know what is in them by heart: nobody else may append.
    if (request.origin === 'client' && isInternalTopicName(asked.topic)) {
      return refusedAppend(asked, ErrorCode.INVALID_TOPIC_EXCEPTION, {
        errorMessage: 'Clients may not append to an internal topic',
      });
    }
    // What all replicas acknowledge a deposed leader cannot commit; what it alone acknowledges could be lost.
    if (request.acks !== -1 && this.#options.isFenced?.())
      return refusedAppend(asked, ErrorCode.NOT_LEADER_OR_FOLLOWER);
    if (request.acks === -1 && replica.isUnderMinIsr) return refusedAppend(asked, ErrorCode.NOT_ENOUGH_REPLICAS);
    const verified = verification?.errorCodeOf(index) ?? ErrorCode.NONE;
    if (verified !== ErrorCode.NONE) return refusedAppend(asked, verified);
    const waiters = request.acks === -1 ? replica.committed : replica.written;
    if (waiters.size >= this.#options.parkedPerPartitionMax) {
      // Retriable for every client: the disk or the followers do not keep up.
      return refusedAppend(asked, ErrorCode.REQUEST_TIMED_OUT, {
        errorMessage: 'Too many appends wait for this partition',
      });
    }
    return replica;
  }

  #validate(
    asked: AppendPartition,
    replica: HostedReplica,
    request: AppendRequest,
  ): BatchValidation | Promise<BatchValidation> {
    return this.#options.validator.validate(asked.records, {
      origin: request.origin,
      apiVersion: request.apiVersion,
      config: replica.log.config,
      partition: replica,
      nowMs: this.#options.clock.wallMs(),
      inflatedBytesMax: Math.min(this.#options.inflatedBytesMax, replica.log.config.maxDecompressedMessageBytes),
    });
  }

  #admit(
    asked: AppendPartition,
    index: number,
    replica: HostedReplica,
    validation: BatchValidation,
    { request, pending, verification }: Admission,
  ): void {
    if (!validation.valid) {
      const { errorCode, message, recordErrors } = validation;
      pending.results.push(refusedAppend(asked, errorCode, { errorMessage: message, recordErrors }));
      return;
    }
    const result = this.#appendToLog(asked, replica, validation, request, verification?.leaveOf(index));
    const at = pending.results.push(result) - 1;
    if (result.errorCode !== ErrorCode.NONE || request.acks === 0) return;
    const endOffset = result.lastOffset + 1;
    const isAll = request.acks === -1;
    // A repetition may be acknowledged already.
    if (endOffset <= (isAll ? replica.highWatermark : replica.vouchedEndOffset)) return;
    (isAll ? replica.committed : replica.written).add(endOffset, pending.wait(at, replica));
  }

  #appendToLog(
    asked: AppendPartition,
    replica: HostedReplica,
    facts: BatchFacts,
    request: AppendRequest,
    leave: TransactionVerification | undefined,
  ): AppendResult {
    const records = facts.recompressed ?? asked.records;
    if (records === null) throw new Error('validation let a partition without records pass');
    const { log } = replica;
    const verdict = facts.producerId < 0 ? undefined : judgeProducer(log, records, request, leave);
    if (verdict?.type === 'refused') {
      return refusedAppend(asked, verdict.errorCode, { errorMessage: verdict.message });
    }
    if (verdict?.type === 'duplicate') return appendedResult(asked, log, repeated(verdict.batch, log.config));
    try {
      const { leaderEpoch } = replica;
      const appended = log.append(records, { leaderEpoch, maxTimestampMs: facts.maxTimestampMs });
      if (request.origin === 'client') replica.traffic.appended(records.length, facts.recordsCount);
      return appendedResult(asked, log, appended);
    } catch (error) {
      // A failed log throws at each call; anything else is a fault of ours and must not pass for one of the disk.
      if (!log.isFailed) throw error;
      return refusedAppend(asked, ErrorCode.KAFKA_STORAGE_ERROR);
    }
  }

  #finishAdmission(request: AppendRequest, pending: PendingAppend): void {
    pending.allAdmitted();
    if (request.acks !== -1 || pending.isComplete) return;
    const deadlineMs = this.#options.clock.monotonicMs() + Math.max(0, request.timeoutMs);
    pending.timer = this.#options.wheel.schedule(deadlineMs, () => pending.timeOut());
  }
}

/** Copies what is still to be appended: the caller's bytes are only good until `append` returns. */
function own(partitions: AppendPartition[], from: number): void {
  for (let index = from; index < partitions.length; index++) {
    const asked = partitions[index] as AppendPartition;
    if (asked.records !== null) partitions[index] = { ...asked, records: asked.records.slice() };
  }
}

/** What the log's knowledge of the producer says to the batch. */
function judgeProducer(
  log: Log,
  records: Uint8Array,
  { origin, transactionVersion }: AppendRequest,
  verification: TransactionVerification | undefined,
): ProducerVerdict {
  const batch = producerBatchAt(records, 0);
  if (batch === undefined) return undefined;
  if (origin === 'client') return log.producers.judge(batch, { type: 'client', verification });
  return log.producers.judge(batch, { type: 'coordinator', transactionVersion: transactionVersion ?? 0 });
}

/** A batch that is in the log already, told as when it was appended. */
function repeated(batch: AppendedBatch, { messageTimestampType }: LogConfig): LogAppend {
  const logAppendTimeMs = messageTimestampType === 'LogAppendTime' ? batch.timestampMs : -1;
  return { baseOffset: baseOffsetOf(batch), lastOffset: batch.lastOffset, logAppendTimeMs };
}

function appendedResult(asked: AppendPartition, log: Log, appended: LogAppend): AppendResult {
  return {
    topic: asked.topic,
    topicId: asked.topicId,
    partitionIndex: asked.partitionIndex,
    errorCode: ErrorCode.NONE,
    errorMessage: null,
    recordErrors: [],
    baseOffset: appended.baseOffset,
    lastOffset: appended.lastOffset,
    logAppendTimeMs: appended.logAppendTimeMs,
    logStartOffset: log.logStartOffset,
    currentLeader: undefined,
  };
}
