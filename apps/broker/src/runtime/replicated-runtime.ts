import { ErrorCode } from '@ks/protocol';
import {
  type Deadline,
  PARKED,
  type RecordPosition,
  type ReplicatedState,
  type Ticket,
  type TransactionalProducer,
} from '../core/replicated-state.ts';
import type { Instant } from '../ports/clock.ts';
import type { EndMarker } from './coordinator-log.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { PendingBatch, recordSizeBytesMax } from './pending-batch.ts';
import { replay } from './replay.ts';
import type { ReplicatedRuntimeOptions } from './replicated-runtime-options.ts';

interface Waiting<Command, Reply> {
  readonly command: Command;
  readonly resolve: (reply: Reply) => void;
}

/** A deadline's command where records could not be written is tried again after this. */
const RETRY_DELAY_MS = 500;

/**
 * Runs one `ReplicatedState` over the log of the partition it is derived from, while this broker leads it.
 *
 * Commands of one loop turn are decided one after another and their records appended as one batch. Records are applied at once, so the
 * next decision sees them; the reply waits until they are below the high watermark, and so does every later reply, a read's
 * too, for it may tell of them. An append that is refused after all leaves a state that the log does not have: it is dropped
 * and built anew.
 */
export class ReplicatedRuntime<Command, Rec, Reply, Change, Effect> {
  readonly #options: ReplicatedRuntimeOptions<Command, Rec, Reply, Change, Effect>;
  readonly #deadlines: DeadlineQueue;
  readonly #waiting = new Map<Ticket, Waiting<Command, Reply>>();
  #state: ReplicatedState<Command, Rec, Reply, Change, Effect>;
  #phase: 'loading' | 'ready' | 'closed' = 'loading';
  #queue: { readonly command: Command; readonly ticket: Ticket; readonly deadline: string | undefined }[] = [];
  #flushScheduled = false;
  #nextTicket = 1;
  /** The batch appended last that is not committed yet. */
  #uncommitted: PendingBatch<Reply, Effect> | undefined;
  #loading: Promise<void> = Promise.resolve();

  constructor(options: ReplicatedRuntimeOptions<Command, Rec, Reply, Change, Effect>) {
    this.#options = options;
    this.#state = options.createState();
    this.#deadlines = new DeadlineQueue(options.clock, (keys) => this.#deadlinesPassed(keys));
  }

  /** Replays the log; commands are refused with COORDINATOR_LOAD_IN_PROGRESS until it has. Settles when it has ended; never rejects. */
  load(): Promise<void> {
    this.#loading = this.#load();
    return this.#loading;
  }

  get isLoaded(): boolean {
    return this.#phase === 'ready';
  }

  /** Has the command decided in this loop turn; the reply comes when what it says is committed. Never rejects. */
  submit(command: Command): Promise<Reply> {
    const errorCode = this.#refusal();
    if (errorCode !== ErrorCode.NONE) return Promise.resolve(this.#options.format.refused(command, errorCode));
    const ticket = this.#nextTicket++;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#waiting.set(ticket, { command, resolve });
    this.#enqueue(command, ticket, undefined);
    return promise;
  }

  #refusal(): number {
    if (this.#phase === 'closed') return ErrorCode.NOT_COORDINATOR;
    if (this.#phase === 'loading') return ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
    return this.#queue.length < this.#options.queuedCommandsMax ? ErrorCode.NONE : ErrorCode.COORDINATOR_NOT_AVAILABLE;
  }

  /** The partition is led elsewhere: whoever waits is answered NOT_COORDINATOR, nothing else happens any more. */
  close(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#drop(ErrorCode.NOT_COORDINATOR);
  }

  #drop(errorCode: number): void {
    this.#queue = [];
    this.#uncommitted = undefined;
    this.#deadlines.clear();
    for (const ticket of [...this.#waiting.keys()]) this.#refuse(ticket, errorCode);
  }

  async #load(): Promise<void> {
    const { log, format, logger, clock, replayOptions } = this.#options;
    const state = this.#state;
    try {
      await replay({
        ...replayOptions,
        log,
        decode: format.decode,
        apply: (record, at) => state.apply(record, at),
        applyMarker: (producerId, epoch, committed) => state.applyMarker(producerId, epoch, committed),
      });
    } catch (error) {
      logger.error({ error }, 'the coordinator cannot read its log');
      // Half of a log is worse than none: as in Kafka, nothing is coordinated here until a new leader epoch.
      if (state === this.#state) this.close();
      return;
    }
    if (this.#phase !== 'loading' || state !== this.#state) return;
    this.#phase = 'ready';
    const now = clock.now();
    const { timers, effects } = state.loaded(now);
    this.#setDeadlines(timers);
    for (const effect of effects) this.#carryOut(effect, now);
  }

  #enqueue(command: Command, ticket: Ticket, deadline: string | undefined): void {
    this.#queue.push({ command, ticket, deadline });
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    this.#options.clock.nextTurn(() => {
      this.#flushScheduled = false;
      this.#flush();
    });
  }

  #deadlinesPassed(keys: readonly string[]): void {
    if (this.#phase !== 'ready') return;
    for (const key of keys) this.#enqueue(this.#state.expired(key), this.#nextTicket++, key);
  }

  #flush(): void {
    if (this.#phase !== 'ready') return;
    const queue = this.#queue;
    this.#queue = [];
    const now = this.#options.clock.now();
    let batch = new PendingBatch<Reply, Effect>(this.#options.log.nextOffset);
    for (const { command, ticket, deadline } of queue) {
      const errorCode = this.#decide(command, ticket, now, batch);
      if (errorCode === BATCH_FULL) {
        if (!this.#append(batch)) return;
        batch = new PendingBatch(this.#options.log.nextOffset);
        this.#refuseUnlessDone(this.#decide(command, ticket, now, batch), ticket, deadline, now);
      } else this.#refuseUnlessDone(errorCode, ticket, deadline, now);
    }
    this.#append(batch);
  }

  #refuseUnlessDone(errorCode: number, ticket: Ticket, deadline: string | undefined, now: Instant): void {
    if (errorCode === ErrorCode.NONE) return;
    if (deadline === undefined) this.#refuse(ticket, errorCode);
    else this.#deadlines.set(deadline, now.monotonicMs + RETRY_DELAY_MS);
  }

  /** Decides and applies one command into `batch`. Not NONE: nothing has happened. */
  #decide(command: Command, ticket: Ticket, now: Instant, batch: PendingBatch<Reply, Effect>): number {
    const { log, format } = this.#options;
    const decision = this.#state.decide(command, now, ticket);
    if (decision.records.length > 0) {
      // What gathered before may be what this producer's records depend on.
      if (!batch.fits(1, log.maxBatchBytes, decision.producer)) return BATCH_FULL;
      const errorCode = log.refusal(decision.producer);
      if (errorCode !== ErrorCode.NONE) return errorCode;
    }
    const encoded = decision.records.map((record) => ({ ...format.encode(record), timestamp: now.wallMs }));
    const sizeBytes = encoded.reduce((sum, record) => sum + recordSizeBytesMax(record), 0);
    if (!batch.fits(sizeBytes, log.maxBatchBytes, decision.producer)) {
      return batch.isEmpty ? ErrorCode.MESSAGE_TOO_LARGE : BATCH_FULL;
    }
    decision.records.forEach((record, index) => {
      this.#state.apply(record, positionOf(batch.nextOffset + index, now, decision.producer));
    });
    const { whenCommitted = [], whenFailed = [] } = decision;
    batch.add(encoded, sizeBytes, whenCommitted, whenFailed, decision.producer);
    const answers = (decision.soft ?? []).flatMap((change) => this.#soften(change, now));
    if (decision.reply !== PARKED) answers.push({ ticket, reply: decision.reply });
    this.#reply(answers, batch);
    return ErrorCode.NONE;
  }

  /** Gives answers, not before what was decided up to now is committed. */
  #reply(answers: readonly { ticket: Ticket; reply: Reply }[], batch: PendingBatch<Reply, Effect>): void {
    const behind = batch.isEmpty ? this.#uncommitted : batch;
    for (const answer of answers) {
      if (behind === undefined) this.#answer(answer.ticket, answer.reply);
      else behind.answers.push(answer);
    }
  }

  /** Appends what has gathered. False when that failed and the state was dropped. */
  #append(batch: PendingBatch<Reply, Effect>): boolean {
    if (batch.isEmpty) return true;
    const { errorCode, baseOffset, committed } = this.#options.log.append(batch.records, batch.producer);
    if (errorCode !== ErrorCode.NONE || baseOffset !== batch.baseOffset) {
      this.#options.logger.warn(
        { errorCode, baseOffset },
        'an append of the coordinator was refused: its state is built anew',
      );
      this.#restart(errorCode === ErrorCode.NONE ? ErrorCode.COORDINATOR_NOT_AVAILABLE : errorCode);
      return false;
    }
    this.#track(batch, committed);
    return true;
  }

  #track(batch: PendingBatch<Reply, Effect>, committed: Promise<number>): void {
    this.#uncommitted = batch;
    const state = this.#state;
    void committed.then((outcome) => {
      if (state === this.#state && this.#phase === 'ready') this.#settle(batch, outcome);
    });
  }

  /**
   * Ends a producer's open transaction: its records count from now on, or are forgotten. Gives NONE when the marker is committed, else
   * why not, as the partition's leader would say it; it may then be written again. Never rejects.
   */
  writeMarker(marker: EndMarker): Promise<number> {
    // What was asked before comes before.
    this.#flush();
    if (this.#phase === 'loading') return Promise.resolve(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    if (this.#phase === 'closed') return Promise.resolve(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    const { log, clock } = this.#options;
    const refusal = log.refusal();
    if (refusal !== ErrorCode.NONE) return Promise.resolve(refusal);
    const batch = new PendingBatch<Reply, Effect>(log.nextOffset);
    const { errorCode, committed } = log.appendMarker(marker, clock.wallMs());
    // Nothing has changed: what stands against the marker is known before it is appended.
    if (errorCode !== ErrorCode.NONE) return Promise.resolve(errorCode);
    this.#state.applyMarker(marker.producerId, marker.producerEpoch, marker.committed);
    this.#track(batch, committed);
    return committed;
  }

  #settle(batch: PendingBatch<Reply, Effect>, errorCode: number): void {
    if (this.#uncommitted === batch) this.#uncommitted = undefined;
    if (errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER) {
      this.close();
      return;
    }
    const isCommitted = errorCode === ErrorCode.NONE;
    for (const { ticket, reply } of batch.answers) {
      if (isCommitted) this.#answer(ticket, reply);
      else this.#refuse(ticket, errorCode);
    }
    const now = this.#options.clock.now();
    for (const effect of isCommitted ? batch.whenCommitted : batch.whenFailed) this.#carryOut(effect, now);
  }

  #carryOut(effect: Effect, now: Instant): void {
    const change = this.#options.perform(effect);
    if (change === undefined) return;
    for (const { ticket, reply } of this.#soften(change, now)) this.#answer(ticket, reply);
  }

  #restart(errorCode: number): void {
    this.#phase = 'loading';
    this.#drop(errorCode);
    this.#state = this.#options.createState();
    void this.load();
  }

  #soften(change: Change, now: Instant): { ticket: Ticket; reply: Reply }[] {
    const { answers, timers } = this.#state.soften(change, now);
    this.#setDeadlines(timers);
    return [...answers];
  }

  #setDeadlines(timers: readonly Deadline[]): void {
    for (const { key, atMs } of timers) this.#deadlines.set(key, atMs);
  }

  #answer(ticket: Ticket, reply: Reply): void {
    const waiting = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    waiting?.resolve(reply);
  }

  #refuse(ticket: Ticket, errorCode: number): void {
    const waiting = this.#waiting.get(ticket);
    if (waiting !== undefined) this.#answer(ticket, this.#options.format.refused(waiting.command, errorCode));
  }
}

/** No Kafka error: what was decided needs a batch of its own. */
const BATCH_FULL = Number.MIN_SAFE_INTEGER;

function positionOf(offset: number, now: Instant, producer: TransactionalProducer | undefined): RecordPosition {
  const { producerId, producerEpoch } = producer ?? { producerId: -1, producerEpoch: -1 };
  return { offset, timestamp: now.wallMs, transactional: producer !== undefined, producerId, producerEpoch };
}
