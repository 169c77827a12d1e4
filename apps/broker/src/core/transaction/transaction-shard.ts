import type { Instant } from '../../ports/clock.ts';
import type { Deadline, ReplicatedState, Softened } from '../replicated-state.ts';
import { addPartitions, verifyPartitions } from './add-partitions.ts';
import type { TransactionCommand } from './commands.ts';
import { completed, resume, timedOut } from './completion.ts';
import { deadlineCommand, deadlineKey } from './deadlines.ts';
import { endTransaction, markersOf } from './end-transaction.ts';
import { initProducerId } from './init-producer-id.ts';
import { describe, expire, list } from './overview.ts';
import type { TransactionRecord } from './records.ts';
import type { TransactionReply } from './replies.ts';
import type { Transaction } from './transaction.ts';
import type { TransactionConfig } from './transaction-config.ts';
import { isPrepared } from './transaction-state.ts';
import {
  replyOnly,
  type TransactionDecision,
  type TransactionEffect,
  type TransactionSoftChange,
  type TransactionView,
} from './transaction-view.ts';

/** A prepared transaction whose record was slow to be committed is written again after this. */
const RETRY_DELAY_MS = 500;

/** The transactional ids of one partition of `__transaction_state`. */
export class TransactionShard
  implements
    ReplicatedState<TransactionCommand, TransactionRecord, TransactionReply, TransactionSoftChange, TransactionEffect>,
    TransactionView
{
  readonly config: TransactionConfig;
  /** Durable: written by `apply` alone. */
  readonly #transactions = new Map<string, Transaction>();
  /** Soft: written by `soften` (and set up by `loaded`) alone. */
  readonly #deadlines = new Map<string, number>();
  readonly #lastEpochs = new Map<string, number>();

  constructor(config: TransactionConfig) {
    this.config = config;
  }

  decide(command: TransactionCommand, now: Instant): TransactionDecision {
    switch (command.type) {
      case 'init-producer-id':
        return initProducerId(this, command, now);
      case 'add-partitions':
        return addPartitions(this, command, now);
      case 'verify-partitions':
        return verifyPartitions(this, command);
      case 'end':
        return endTransaction(this, command, now);
      case 'completed':
        return completed(this, command, now);
      case 'resume':
        return resume(this, command, now);
      case 'timeout':
        return timedOut(this, command, now);
      case 'describe':
        return replyOnly(describe(this, command));
      case 'list':
        return replyOnly(list(this, command, now));
      case 'expire':
        return expire(this, now);
      default:
        return command satisfies never;
    }
  }

  expired(key: string): TransactionCommand {
    return deadlineCommand(key);
  }

  apply({ transactionalId, value }: TransactionRecord): void {
    if (value !== null) this.#transactions.set(transactionalId, value);
    else this.#transactions.delete(transactionalId);
  }

  /** Nothing in this log is written within a transaction. */
  applyMarker(): void {}

  soften(change: TransactionSoftChange, now: Instant): Softened<TransactionReply> {
    switch (change.type) {
      case 'deadlines':
        return this.#set(change.timers);
      case 'retry': {
        const key = deadlineKey('resume', change.transactionalId);
        return this.#set([{ key, atMs: now.monotonicMs + RETRY_DELAY_MS }]);
      }
      case 'last-epoch':
        if (change.producerEpoch < 0) this.#lastEpochs.delete(change.transactionalId);
        else this.#lastEpochs.set(change.transactionalId, change.producerEpoch);
        return { answers: [], timers: [] };
      default:
        return change satisfies never;
    }
  }

  #set(timers: readonly Deadline[]): Softened<TransactionReply> {
    for (const { key, atMs } of timers) {
      if (atMs === undefined) this.#deadlines.delete(key);
      else this.#deadlines.set(key, atMs);
    }
    return { answers: [], timers };
  }

  /** Time-outs count from when each transaction began; what was prepared gets its markers. */
  loaded(now: Instant): { readonly timers: readonly Deadline[]; readonly effects: readonly TransactionEffect[] } {
    const timers: Deadline[] = [];
    const effects: TransactionEffect[] = [];
    for (const transaction of this.#transactions.values()) {
      const { transactionalId, state, startTimestamp, timeoutMs } = transaction;
      if (state === 'Ongoing') {
        const leftMs = Math.min(Math.max(0, startTimestamp + timeoutMs - now.wallMs), timeoutMs);
        timers.push({ key: deadlineKey('timeout', transactionalId), atMs: now.monotonicMs + leftMs });
      } else if (isPrepared(state)) effects.push(markersOf(transaction));
    }
    return { timers: this.#set(timers).timers, effects };
  }

  transaction(transactionalId: string): Transaction | undefined {
    return this.#transactions.get(transactionalId);
  }

  transactions(): IterableIterator<Transaction> {
    return this.#transactions.values();
  }

  lastProducerEpoch(transactionalId: string): number {
    return this.#lastEpochs.get(transactionalId) ?? -1;
  }

  isDue(key: string, now: Instant): boolean {
    const atMs = this.#deadlines.get(key);
    return atMs !== undefined && atMs <= now.monotonicMs;
  }
}
