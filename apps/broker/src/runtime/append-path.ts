import { ErrorCode } from '@ks/protocol';
import type { Clock } from '../ports/clock.ts';
import type { BatchFacts, BatchValidation, RecordValidator } from '../storage/record-validator.ts';
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
}

/** The way of a batch into the log and of its acknowledgement out: check, append, wait for what `acks` asks. */
export class AppendPath {
  readonly #options: AppendPathOptions;

  constructor(options: AppendPathOptions) {
    this.#options = options;
  }

  append(request: AppendRequest): Append {
    const pending = new PendingAppend();
    const admitting = this.#admitFrom(0, request, pending);
    return { admitting, admitted: pending.results, completion: pending.completion };
  }

  /** Admits the partitions from `start` on in order; a promise as soon as one has to wait for another thread. */
  #admitFrom(start: number, request: AppendRequest, pending: PendingAppend): Promise<void> | undefined {
    for (let index = start; index < request.partitions.length; index++) {
      const asked = request.partitions[index] as AppendPartition;
      const located = this.#locate(asked, request);
      if ('errorCode' in located) {
        pending.results.push(located);
        continue;
      }
      const validation = this.#validate(asked, located, request);
      if (validation instanceof Promise) {
        return validation.then((settled) => {
          this.#admitAfterWait(asked, settled, request, pending);
          return this.#admitFrom(index + 1, request, pending);
        });
      }
      this.#admit(asked, located, validation, request, pending);
    }
    this.#finishAdmission(request, pending);
    return undefined;
  }

  /** The world may have moved during the wait: leadership, the partition itself, its ISR. */
  #admitAfterWait(
    asked: AppendPartition,
    validation: BatchValidation,
    request: AppendRequest,
    pending: PendingAppend,
  ): void {
    const located = this.#locate(asked, request);
    if ('errorCode' in located) pending.results.push(located);
    else this.#admit(asked, located, validation, request, pending);
  }

  /** The replica to append to, or the refusal. */
  #locate(asked: AppendPartition, request: AppendRequest): HostedReplica | AppendResult {
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
    if (request.acks === -1 && replica.isUnderMinIsr) return refusedAppend(asked, ErrorCode.NOT_ENOUGH_REPLICAS);
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
      nowMs: this.#options.clock.wallMs(),
      inflatedBytesMax: this.#options.inflatedBytesMax,
    });
  }

  #admit(
    asked: AppendPartition,
    replica: HostedReplica,
    validation: BatchValidation,
    request: AppendRequest,
    pending: PendingAppend,
  ): void {
    if (!validation.valid) {
      const { errorCode, message, recordErrors } = validation;
      pending.results.push(refusedAppend(asked, errorCode, { errorMessage: message, recordErrors }));
      return;
    }
    const index = pending.results.length;
    const result = this.#appendToLog(asked, replica, validation, request);
    pending.results.push(result);
    if (result.errorCode !== ErrorCode.NONE || request.acks === 0) return;
    const waiters = request.acks === -1 ? replica.committed : replica.written;
    waiters.add(result.lastOffset + 1, pending.wait(index, replica));
  }

  #appendToLog(
    asked: AppendPartition,
    replica: HostedReplica,
    facts: BatchFacts,
    request: AppendRequest,
  ): AppendResult {
    if (facts.producerId >= 0 && request.origin === 'client') {
      // As a broker whose logs predate idempotence: every client gives up on this error rather than retry.
      const errorMessage = 'This broker does not serve idempotent or transactional producers yet';
      return refusedAppend(asked, ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT, { errorMessage });
    }
    const { records } = asked;
    if (records === null) throw new Error('validation let a partition without records pass');
    const { log } = replica;
    try {
      const appended = log.append(records, { leaderEpoch: replica.leaderEpoch, maxTimestampMs: facts.maxTimestampMs });
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
