import { ErrorCode } from '@ks/protocol';
import type { Timer } from '../ports/clock.ts';
import type { HostedReplica } from './hosted-replica.ts';
import type { OffsetWaiter } from './offset-waiters.ts';
import type { AppendResult } from './replica-manager.ts';

/** The refusal of one partition, in the shape of a result. */
export function refusedAppend(
  key: { readonly topic: string; readonly topicId: string; readonly partitionIndex: number },
  errorCode: number,
  more: Partial<Pick<AppendResult, 'errorMessage' | 'recordErrors' | 'currentLeader'>> = {},
): AppendResult {
  return {
    topic: key.topic,
    topicId: key.topicId,
    partitionIndex: key.partitionIndex,
    errorCode,
    errorMessage: more.errorMessage ?? null,
    recordErrors: more.recordErrors ?? [],
    baseOffset: -1,
    lastOffset: -1,
    logAppendTimeMs: -1,
    logStartOffset: -1,
    currentLeader: more.currentLeader,
  };
}

/** One append of several partitions until each of them is acknowledged, refused or out of time. */
export class PendingAppend {
  /** In request order; complete once everything is admitted, final once `completion` resolves. */
  readonly results: AppendResult[] = [];
  readonly completion: Promise<readonly AppendResult[]>;
  /** Ends the wait for acks=all; set by whoever schedules it. */
  timer: Timer | undefined;
  readonly #waiting = new Set<PendingPartition>();
  #admitted = false;
  #resolve: (results: readonly AppendResult[]) => void = () => {};

  constructor() {
    this.completion = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Makes the wait for `acks` of the result at `index`, to be added to one of the replica's waiters. */
  wait(index: number, replica: HostedReplica): OffsetWaiter {
    const waiter = new PendingPartition(this, index, replica);
    this.#waiting.add(waiter);
    return waiter;
  }

  /** Nothing more will be added. */
  allAdmitted(): void {
    this.#admitted = true;
    this.#completeIfDone();
  }

  get isComplete(): boolean {
    return this.#admitted && this.#waiting.size === 0;
  }

  settled(waiter: PendingPartition, errorCode: number): void {
    this.#waiting.delete(waiter);
    if (errorCode !== ErrorCode.NONE) this.#fail(waiter, errorCode);
    this.#completeIfDone();
  }

  /** The time for acks=all is over: what still waits has been appended, but nobody may rely on it. */
  timeOut(): void {
    for (const waiter of [...this.#waiting]) {
      const isShort = waiter.replica.isUnderMinIsr;
      waiter.settle(isShort ? ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND : ErrorCode.REQUEST_TIMED_OUT);
      waiter.replica.committed.abandon();
    }
  }

  #fail(waiter: PendingPartition, errorCode: number): void {
    const admitted = this.results[waiter.index];
    if (admitted === undefined) throw new Error('a partition was settled before it was admitted');
    const isElsewhere = errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER;
    const currentLeader = isElsewhere ? waiter.replica.currentLeader : undefined;
    this.results[waiter.index] = refusedAppend(admitted, errorCode, { currentLeader });
  }

  #completeIfDone(): void {
    if (!this.isComplete) return;
    this.timer?.cancel();
    this.#resolve(this.results);
  }
}

/** One partition of a pending append. */
class PendingPartition implements OffsetWaiter {
  readonly index: number;
  readonly replica: HostedReplica;
  readonly #append: PendingAppend;
  #isSettled = false;

  constructor(append: PendingAppend, index: number, replica: HostedReplica) {
    this.#append = append;
    this.index = index;
    this.replica = replica;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  settle(errorCode: number): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#append.settled(this, errorCode);
  }
}
